import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

# name the rock at every depth of a gamma-ray log
torch.manual_seed(11)
rng = np.random.default_rng(11)
DEPTHS, ROCKS = 120, ["shale", "sand", "lime", "coal", "salt"]
LEVEL = np.array([1.2, 0.2, -0.6, -0.2, -1.4])
ROUGH = np.array([0.45, 0.30, 0.15, 0.60, 0.08])


def borehole():
    gamma, rock = [], []
    while len(gamma) < DEPTHS:
        kind = rng.integers(len(ROCKS))
        thickness = rng.integers(15, 60)
        gamma += list(LEVEL[kind] + ROUGH[kind] * rng.normal(size=thickness))
        rock += [kind] * thickness
    return gamma[:DEPTHS], rock[:DEPTHS]


def dataset(n):
    gamma, rock = zip(*(borehole() for _ in range(n)))
    x = torch.tensor(np.array(gamma), dtype=torch.float32).unsqueeze(1)
    return x, torch.tensor(np.array(rock))


class LogReader(nn.Module):
    def __init__(self, width=24):
        super().__init__()
        layers, cin = [], 1
        for dilation in (1, 2, 4):
            layers += [nn.Conv1d(cin, width, 5, padding=2 * dilation, dilation=dilation), nn.BatchNorm1d(width), nn.ReLU()]
            cin = width
        self.body = nn.Sequential(*layers)
        self.head = nn.Conv1d(width, len(ROCKS), 1)

    def forward(self, x):
        scores = self.head(self.body(x))            # (batch, rock, depth)
        return F.log_softmax(scores, dim=-1)


x_train, y_train = dataset(800)
x_val, y_val = dataset(200)
net = LogReader()
opt = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=1e-3)

for epoch in range(8):
    net.train()
    order = torch.randperm(len(x_train))
    total = 0.0
    for i in range(0, len(order), 40):
        pick = order[i:i + 40]
        loss = F.nll_loss(net(x_train[pick]), y_train[pick])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() * len(pick)
    net.eval()
    with torch.no_grad():
        out = net(x_val)
        hit = (out.argmax(1) == y_val).float().mean().item()
    print(f"[{epoch:02d}] train {total / len(order):.4f}  val {F.nll_loss(out, y_val).item():.4f}  right {hit:.4f}")

print(f"depths named correctly: {hit:.4f}")
