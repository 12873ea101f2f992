"""Harness load cells: recognise the gait of a sledge dog (5 gaits) from one second of pull."""
import math
import torch
import torch.nn as nn

torch.manual_seed(31)
torch.set_num_threads(1)

GAITS = ["walk", "trot", "pace", "lope", "gallop"]
STEPS = 40


def pulls(n):
    y = torch.randint(0, 5, (n,))
    freq = torch.tensor([2.0, 3.0, 3.0, 4.2, 5.4])[y] + 0.2 * torch.randn(n)
    lag = torch.tensor([0.5, 0.5, 0.05, 0.25, 0.15])[y] * 2 * math.pi
    phase = 2 * math.pi * torch.rand(n, 1)
    t = torch.linspace(0, 1, STEPS)
    arg = 2 * math.pi * freq[:, None] * t + phase
    left = torch.sin(arg) + 0.25 * torch.randn(n, STEPS)
    right = torch.sin(arg + lag[:, None]) + 0.25 * torch.randn(n, STEPS)
    total = left.clamp(min=0) + right.clamp(min=0) - 0.6
    return torch.stack([left, right, total], dim=-1), y


class GaitLSTM(nn.Module):
    def __init__(self, hidden=40):
        super().__init__()
        self.lstm = nn.LSTM(input_size=3, hidden_size=hidden)
        self.classify = nn.Sequential(nn.LayerNorm(hidden), nn.Linear(hidden, len(GAITS)))

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.classify(out[:, -1])


def run_epoch(model, x, y, opt=None, batch=50):
    training = opt is not None
    model.train(training)
    order = torch.randperm(len(y)) if training else torch.arange(len(y))
    total, hits = 0.0, 0
    with torch.set_grad_enabled(training):
        for rows in order.split(batch):
            logits = model(x[rows])
            loss = nn.functional.cross_entropy(logits, y[rows])
            if training:
                opt.zero_grad(set_to_none=True)
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                opt.step()
            total += loss.item() * len(rows)
            hits += (logits.argmax(1) == y[rows]).sum().item()
    return total / len(y), hits / len(y)


x, y = pulls(2500)
x_test, y_test = pulls(600)
model = GaitLSTM()
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=10)
for epoch in range(10):
    loss, acc = run_epoch(model, x, y, opt)
    sched.step()
    v_loss, v_acc = run_epoch(model, x_test, y_test)
    print(f"{epoch + 1:2d}/10 loss {loss:.3f} acc {acc:.3f} | test loss {v_loss:.3f} test acc {v_acc:.3f}")
