"""Wine cultivars with sharpness-aware minimisation: gradients are taken at the worst point nearby."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split


class SharpnessAware:
    def __init__(self, params, base, rho=0.05):
        self.params = list(params)
        self.base = base
        self.rho = rho

    @torch.no_grad()
    def climb(self):
        norm = torch.norm(torch.stack([p.grad.norm() for p in self.params]))
        self.moved = []
        for p in self.params:
            e = p.grad * (self.rho / (norm + 1e-12))
            p.add_(e)
            self.moved.append(e)
        self.base.zero_grad()

    @torch.no_grad()
    def descend(self):
        for p, e in zip(self.params, self.moved):
            p.sub_(e)
        self.base.step()
        self.base.zero_grad()


def load(seed):
    x, y = load_wine(return_X_y=True)
    x_tr, x_te, y_tr, y_te = train_test_split(x, y, test_size=0.35, stratify=y, random_state=seed)
    m, s = x_tr.mean(0), x_tr.std(0)
    f = lambda a: torch.tensor((a - m) / s, dtype=torch.float32)
    return f(x_tr), torch.tensor(y_tr), f(x_te), torch.tensor(y_te)


def main():
    torch.manual_seed(40)
    x, y, x_te, y_te = load(2)
    net = nn.Sequential(nn.Linear(13, 16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 3))
    sgd = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9, weight_decay=5e-3)
    sam = SharpnessAware(net.parameters(), sgd, rho=0.1)
    for epoch in range(24):
        net.train()
        total = 0.0
        for idx in torch.randperm(len(x)).split(16):
            loss = F.cross_entropy(net(x[idx]), y[idx])
            loss.backward()
            sam.climb()
            F.cross_entropy(net(x[idx]), y[idx]).backward()
            sam.descend()
            total += loss.item() * len(idx)
        if epoch % 6 == 5:
            net.eval()
            with torch.no_grad():
                out = net(x_te)
            print(f"epoch {epoch + 1} train {total / len(x):.4f} test {F.cross_entropy(out, y_te):.4f} "
                  f"acc {(out.argmax(1) == y_te).float().mean():.4f}")
    net.eval()
    with torch.no_grad():
        accuracy = (net(x_te).argmax(1) == y_te).float().mean().item()
    print(f"wine accuracy {accuracy:.4f}")


if __name__ == "__main__":
    main()
