"""A hypernetwork reads a few measurements of a patient and writes the weights of that patient's dose-response net."""
import math

import torch
import torch.nn as nn

torch.manual_seed(8)
CONTEXT, QUERY, HID = 12, 16, 8


def patients(n):
    top = 1.0 + 0.5 * torch.randn(n, 1)
    mid = 0.6 * torch.randn(n, 1)
    slope = torch.exp(0.3 * torch.randn(n, 1)) * 1.2
    dose = torch.rand(n, CONTEXT + QUERY) * 4 - 2
    effect = top * torch.tanh(slope * (dose - mid)) + 0.1 * torch.randn_like(dose)
    return dose[:, :CONTEXT], effect[:, :CONTEXT], dose[:, CONTEXT:], effect[:, CONTEXT:]


class HyperNet(nn.Module):
    def __init__(self, width=64):
        super().__init__()
        self.point = nn.Sequential(nn.Linear(2, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.shapes = [(1, HID), (1, HID), (HID, 1), (1, 1)]
        sizes = [math.prod(s) for s in self.shapes]
        self.writer = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, sum(sizes)))
        self.sizes = sizes
        with torch.no_grad():
            self.writer[-1].weight.mul_(0.3)
            self.writer[-1].bias.normal_(0, 0.5)

    def forward(self, dose_c, effect_c, dose_q):
        code = self.point(torch.stack([dose_c, effect_c], dim=-1)).mean(1)
        flat = self.writer(code).split(self.sizes, dim=1)
        w1, b1, w2, b2 = [f.view(-1, *s) for f, s in zip(flat, self.shapes)]
        h = torch.tanh(torch.bmm(dose_q.unsqueeze(-1), w1) + b1)
        return (torch.bmm(h, w2) + b2).squeeze(-1)


net = HyperNet()
optimizer = torch.optim.Adam(net.parameters(), lr=8e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=1800, eta_min=2e-5)
held_out = patients(1000)
history = []
for step in range(1, 1801):
    dc, ec, dq, eq = patients(64)
    loss = ((net(dc, ec, dq) - eq) ** 2).mean()
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    scheduler.step()
    history.append(loss.item())
    if step % 150 == 0:
        with torch.no_grad():
            val = ((net(*held_out[:3]) - held_out[3]) ** 2).mean().item()
        print(f"step {step:5d}  train {sum(history[-150:]) / 150:.4f}  new patients {val:.4f}")
print(f"MSE on new patients {val:.5f}")
