import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
d = load_digits()
X = torch.tensor(d.data / 16 - 0.3).float() * 2.5
y = torch.tensor(d.target)
p = torch.randperm(len(y))
tr, te = p[:1400], p[1400:]
blocks = nn.ModuleList([nn.Linear(64, 64), nn.Linear(64, 64), nn.Linear(64, 64)])
head = nn.Linear(64, 10)
opt = torch.optim.SGD([*blocks.parameters(), *head.parameters()], lr=0.1, momentum=0.9)


def net(x):
    for b in blocks:
        x = torch.relu(b(x))
    return head(x)


for ep in range(12):
    if ep == 5:
        blocks[0].requires_grad_(False)
    if ep == 8:
        blocks[1].requires_grad_(False)
    for b in tr[torch.randperm(1400)].split(70):
        loss = nn.functional.cross_entropy(net(X[b]), y[b])
        opt.zero_grad(set_to_none=True)
        loss.backward()
        opt.step()
    with torch.no_grad():
        a = (net(X[te]).argmax(1) == y[te]).float().mean().item()
    print(f"epoch {ep} loss {loss.item():.4f} acc {a:.4f}")
