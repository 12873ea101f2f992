# Predict the nectar volume of a flower from weather and plant measurements.
import math
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(11)
N_TRAIN, N_TEST = 5000, 1500
EPOCHS = 24
BATCH = 64
LR = 3e-4


def make_flowers(n, gen):
    hour = 6 + 12 * torch.rand(n, generator=gen)
    temp = 17 + 6 * torch.randn(n, generator=gen) + 3 * torch.sin((hour - 6) / 12 * math.pi)
    humidity = (65 - 1.5 * (temp - 17) + 9 * torch.randn(n, generator=gen)).clamp(15, 100)
    rain = torch.rand(n, generator=gen) ** 3 * 20
    corolla = 6 + 2.5 * torch.randn(n, generator=gen).abs()
    age = 1 + 6 * torch.rand(n, generator=gen)
    species = torch.randint(0, 4, (n,), generator=gen)
    optimum = torch.tensor([14.0, 18.0, 21.0, 25.0])[species]
    base = torch.tensor([2.1, 3.4, 1.6, 2.8])[species]
    volume = base * torch.exp(-((temp - optimum) / 7) ** 2)
    volume = volume * (0.5 + 0.08 * corolla) * (1 - 0.1 * age)
    volume = volume + 0.6 * torch.cos((hour - 8) / 4) * (species == 1) - 0.03 * rain
    volume = volume + 0.01 * (humidity - 60) + 0.12 * torch.randn(n, generator=gen)
    numeric = torch.stack([hour, temp, humidity, rain, corolla, age], dim=1)
    return numeric, F.one_hot(species, 4).float(), volume


gen = torch.Generator().manual_seed(5)
num_tr, spec_tr, y_tr = make_flowers(N_TRAIN, gen)
num_te, spec_te, y_te = make_flowers(N_TEST, gen)

mean, std = num_tr.mean(0), num_tr.std(0)
x_tr = torch.cat([(num_tr - mean) / std, spec_tr], dim=1)
x_te = torch.cat([(num_te - mean) / std, spec_te], dim=1)
y_mean, y_std = y_tr.mean(), y_tr.std()
t_tr = ((y_tr - y_mean) / y_std).unsqueeze(1)
t_te = ((y_te - y_mean) / y_std).unsqueeze(1)

net = nn.Sequential(
    nn.Linear(10, 64), nn.ReLU(),
    nn.Linear(64, 64), nn.ReLU(),
    nn.Linear(64, 1),
)
opt = torch.optim.SGD(net.parameters(), lr=LR, momentum=0.9, nesterov=True, weight_decay=1e-4)
sched = torch.optim.lr_scheduler.StepLR(opt, step_size=10, gamma=0.3)

for epoch in range(1, EPOCHS + 1):
    net.train()
    order = torch.randperm(N_TRAIN)
    total = 0.0
    for i in range(0, N_TRAIN, BATCH):
        idx = order[i:i + BATCH]
        loss = F.mse_loss(net(x_tr[idx]), t_tr[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() * len(idx)
    sched.step()
    if epoch % 3 == 0 or epoch == 1:
        net.eval()
        with torch.no_grad():
            test = F.mse_loss(net(x_te), t_te).item()
        print(f"epoch {epoch:2d}  train mse {total / N_TRAIN:.4f}  test mse {test:.4f}")

net.eval()
with torch.no_grad():
    volume = net(x_te).squeeze(1) * y_std + y_mean
residual = ((volume - y_te) ** 2).sum()
spread = ((y_te - y_te.mean()) ** 2).sum()
print(f"mean absolute error {(volume - y_te).abs().mean():.3f} ul")
print(f"R2 on unseen flowers: {1 - (residual / spread).item():.4f}")
