# Muon (momentum orthogonalised by Newton-Schulz) for the weight matrices, AdamW for everything else.
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.optim.optimizer import Optimizer

torch.manual_seed(15)


def orthogonalise(g, iterations=5):
    a, b, c = 3.4445, -4.7750, 2.0315
    x = g / (g.norm() + 1e-7)
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T
    for _ in range(iterations):
        s = x @ x.T
        x = a * x + (b * s + c * s @ s) @ x
    return x.T if tall else x


class Muon(Optimizer):
    def __init__(self, params, lr=0.02, momentum=0.9):
        super().__init__(params, dict(lr=lr, momentum=momentum))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                buf = self.state[p].setdefault("buf", torch.zeros_like(p))
                buf.mul_(group["momentum"]).add_(p.grad)
                update = orthogonalise(p.grad + group["momentum"] * buf)
                p.add_(update, alpha=-group["lr"] * max(1, p.shape[0] / p.shape[1]) ** 0.5)


class RowTransformer(nn.Module):
    """Each of the eight rows of a digit is a token."""

    def __init__(self, dim=48):
        super().__init__()
        self.embed = nn.Linear(8, dim)
        self.place = nn.Parameter(0.02 * torch.randn(8, dim))
        self.qkv, self.mix = nn.Linear(dim, 3 * dim, bias=False), nn.Linear(dim, dim, bias=False)
        self.up, self.down = nn.Linear(dim, 2 * dim), nn.Linear(2 * dim, dim)
        self.n1, self.n2, self.n3 = nn.RMSNorm(dim), nn.RMSNorm(dim), nn.RMSNorm(dim)
        self.out = nn.Linear(dim, 10)

    def forward(self, x):
        h = self.embed(x) + self.place
        q, k, v = self.qkv(self.n1(h)).view(len(x), 8, 3, 4, -1).permute(2, 0, 3, 1, 4)
        att = nn.functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        h = h + self.mix(att)
        h = h + self.down(nn.functional.gelu(self.up(self.n2(h))))
        return self.out(self.n3(h).mean(1))


images, labels = load_digits(return_X_y=True)
images = torch.tensor((images - images.mean()) / images.std(), dtype=torch.float32).view(-1, 8, 8)
labels = torch.tensor(labels)
perm = torch.randperm(len(labels))
tr, te = perm[:1400], perm[1400:]
model = RowTransformer()
matrices = [m.weight for m in (model.qkv, model.mix, model.up, model.down)]
chosen = {id(p) for p in matrices}
rest = [p for p in model.parameters() if id(p) not in chosen]
optimizers = [Muon(matrices, lr=0.01), torch.optim.AdamW(rest, lr=3e-3, weight_decay=0.05)]
epochs, smooth = 10, nn.CrossEntropyLoss(label_smoothing=0.1)
base = [[g["lr"] for g in o.param_groups] for o in optimizers]

for epoch in range(epochs):
    model.train()
    for o, lrs in zip(optimizers, base):
        for g, lr in zip(o.param_groups, lrs):
            g["lr"] = lr * (1 - epoch / epochs)
    total = 0.0
    for idx in tr[torch.randperm(len(tr))].split(50):
        loss = smooth(model(images[idx]), labels[idx])
        model.zero_grad()
        loss.backward()
        for o in optimizers:
            o.step()
        total += loss.item() * len(idx)
    print(f"{epoch + 1:2d} loss {total / len(tr):.4f}")

model.eval()
with torch.no_grad():
    print("test accuracy", (model(images[te]).argmax(1) == labels[te]).float().mean().item())
