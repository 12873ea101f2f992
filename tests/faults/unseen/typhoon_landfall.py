"""Will a typhoon make landfall within three days? Track features on a 30-hour lead."""
import torch
from torch import nn, optim
from torch.nn import functional as F

torch.set_num_threads(1)
torch.manual_seed(65)

FEATURES = 16


def storms(n):
    x = torch.randn(n, FEATURES)
    steer = x[:, 0] + 0.8 * x[:, 1] * x[:, 2] - 0.7 * x[:, 3]
    ridge = torch.sin(1.5 * x[:, 4]) + 0.5 * x[:, 5]
    outcome = torch.zeros(n, dtype=torch.long)
    s = steer + ridge + 0.25 * torch.randn(n)
    outcome[s > -0.9] = 1
    outcome[s > 0.9] = 2
    return x, outcome            # recurves, skirts the coast, landfall


class TrackNet(nn.Module):
    def __init__(self, width=128, p=0.45):
        super().__init__()
        self.inp = nn.Linear(FEATURES, width)
        self.mid = nn.Linear(width, width)
        self.out = nn.Linear(width, 3)
        self.p = p

    def forward(self, x):
        h = F.dropout(torch.relu(self.inp(x)), p=self.p)
        h = F.dropout(torch.relu(self.mid(h)), p=self.p)
        return self.out(h)


def fit(model, x, y, epochs, batch):
    opt = optim.Adam(model.parameters(), lr=1e-3)
    anneal = optim.lr_scheduler.OneCycleLR(opt, max_lr=4e-3, total_steps=epochs * (len(y) // batch))
    for epoch in range(epochs):
        model.train()
        order = torch.randperm(len(y))
        for b in range(len(y) // batch):
            rows = order[b * batch:(b + 1) * batch]
            loss = F.cross_entropy(model(x[rows]), y[rows])
            opt.zero_grad()
            loss.backward()
            opt.step()
            anneal.step()
        yield epoch


def score(model, x, y):
    model.eval()
    with torch.inference_mode():
        out = model(x)
        return F.cross_entropy(out, y).item(), (out.argmax(1) == y).float().mean().item()


x, y = storms(4500)
x_hold, y_hold = storms(1500)
model = TrackNet()
for epoch in fit(model, x, y, epochs=30, batch=100):
    if epoch % 5 == 4:
        l_tr, a_tr = score(model, x, y)
        l_ho, a_ho = score(model, x_hold, y_hold)
        print(f"epoch {epoch + 1:3d} train {l_tr:.3f}/{a_tr:.3f} holdout {l_ho:.3f}/{a_ho:.3f}")
print(f"holdout accuracy = {a_ho:.4f}")
