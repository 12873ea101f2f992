"""Thread tension on a bobbin winder, a regression with hand-written updates."""
import torch

torch.manual_seed(33)
torch.set_num_threads(1)

N_SENSORS, HIDDEN, RATE, BATCH = 8, 40, 0.1, 50


def winder(n):
    s = torch.randn(n, N_SENSORS)
    tension = torch.tanh(s[:, 0] + s[:, 1]) - 0.8 * torch.relu(s[:, 2] - s[:, 3]) + 0.6 * torch.sin(1.5 * s[:, 4])
    tension = tension + 0.4 * s[:, 5] * (s[:, 6] > 0)
    return s, tension.unsqueeze(1) + 0.05 * torch.randn(n, 1)


def make_layer(n_in, n_out):
    weight = torch.full((n_in, n_out), 1.0 / n_in)
    bias = torch.zeros(n_out)
    return weight.requires_grad_(), bias.requires_grad_()


def forward(params, x):
    (w1, b1), (w2, b2), (w3, b3) = params
    h = torch.tanh(x @ w1 + b1)
    h = torch.tanh(h @ w2 + b2)
    return h @ w3 + b3


sensors, tension = winder(3000)
sensors_v, tension_v = winder(600)
mean, std = tension.mean(), tension.std()
tension, tension_v = (tension - mean) / std, (tension_v - mean) / std

params = [make_layer(N_SENSORS, HIDDEN), make_layer(HIDDEN, HIDDEN), make_layer(HIDDEN, 1)]
flat = [p for pair in params for p in pair]

for epoch in range(60):
    if epoch == 45:
        RATE = 0.02
    order = torch.randperm(len(sensors))
    for i in range(0, len(order), BATCH):
        rows = order[i:i + BATCH]
        loss = ((forward(params, sensors[rows]) - tension[rows]) ** 2).mean()
        grads = torch.autograd.grad(loss, flat)
        with torch.no_grad():
            for p, g in zip(flat, grads):
                p -= RATE * g
    if epoch % 10 == 9:
        with torch.no_grad():
            fit = ((forward(params, sensors) - tension) ** 2).mean().item()
            val = ((forward(params, sensors_v) - tension_v) ** 2).mean().item()
        print(f"after {epoch + 1} epochs: train {fit:.4f} validation {val:.4f}")
