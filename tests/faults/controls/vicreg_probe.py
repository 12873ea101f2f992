"""Self-supervised features (variance-invariance-covariance), then a linear probe on the frozen encoder."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

VAR, INV, COV = 25.0, 25.0, 1.0


def views(x):
    """Two random crops (shift by one pixel, noise, pixel dropout) of every image."""
    img = F.pad(x.view(-1, 8, 8), (1, 1, 1, 1), value=-0.8)
    out = []
    for _ in range(2):
        i, j = torch.randint(0, 3, (2,)).tolist()
        v = img[:, i:i + 8, j:j + 8].flatten(1)
        out.append(v * (torch.rand_like(v) > 0.1) + 0.1 * torch.randn_like(v))
    return out


def vicreg(a, b):
    inv = F.mse_loss(a, b)
    var = cov = 0.0
    for z in (a, b):
        z = z - z.mean(0)
        var = var + F.relu(1 - (z.var(0) + 1e-4).sqrt()).mean() / 2
        c = z.T @ z / (len(z) - 1)
        cov = cov + (c - torch.diag(torch.diag(c))).pow(2).sum() / z.shape[1]
    return VAR * var + INV * inv + COV * cov


X, y = load_digits(return_X_y=True)
X = torch.tensor((X - X.mean()) / X.std(), dtype=torch.float32)
y = torch.tensor(y)
idx_train, idx_test = train_test_split(torch.arange(len(y)), test_size=0.25, stratify=y, random_state=0)

torch.manual_seed(0)
encoder = nn.Sequential(nn.Linear(64, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Linear(128, 128), nn.BatchNorm1d(128), nn.ReLU())
projector = nn.Sequential(nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 32))
opt = torch.optim.Adam([*encoder.parameters(), *projector.parameters()], lr=1e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=45)
for epoch in range(1, 46):
    encoder.train()
    total = 0.0
    batches = idx_train[torch.randperm(len(idx_train))].split(128)
    for rows in batches:
        a, b = views(X[rows])
        loss = vicreg(projector(encoder(a)), projector(encoder(b)))
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item()
    sched.step()
    if epoch % 5 == 0:
        print(f"pretrain epoch {epoch}: loss {total / len(batches):.3f}")

encoder.eval().requires_grad_(False)
probe = nn.Linear(128, 10)
opt = torch.optim.Adam(probe.parameters(), lr=1e-2)
for epoch in range(1, 31):
    for rows in idx_train[torch.randperm(len(idx_train))].split(64):
        loss = F.cross_entropy(probe(encoder(X[rows])), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 5 == 0:
        with torch.no_grad():
            out = probe(encoder(X[idx_test]))
        print(f"probe epoch {epoch}: train loss {loss.item():.3f} test loss {F.cross_entropy(out, y[idx_test]):.3f} "
              f"test acc {(out.argmax(1) == y[idx_test]).float().mean():.4f}")
accuracy = (out.argmax(1) == y[idx_test]).float().mean().item()
print(f"linear probe accuracy {accuracy:.4f}")
