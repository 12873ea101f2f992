"""Deep & cross style click model on census-tract features: explicit feature crosses, then one linear unit."""
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(77)
DIM = 10


class CrossLayer(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.proj = nn.Linear(dim, dim)

    def forward(self, x0, x):
        return x0 * self.proj(x) + x


class CrossNet(nn.Module):
    def __init__(self, dim, depth):
        super().__init__()
        self.layers = [CrossLayer(dim) for _ in range(depth)]
        self.norm = nn.LayerNorm(dim)
        self.out = nn.Linear(dim, 1)

    def forward(self, x):
        h = x
        for layer in self.layers:
            h = layer(x, h)
        return self.out(self.norm(h)).squeeze(-1)


def clicks(n):
    x = torch.randn(n, DIM)
    score = 1.6 * x[:, 0] * x[:, 1] - 1.5 * x[:, 2] * x[:, 3] + 1.2 * x[:, 4] + 1.2 * x[:, 5] * x[:, 6] - 0.8 * x[:, 7]
    return x, torch.bernoulli(torch.sigmoid(2.0 * score))


def epoch_pass(model, loader, opt=None):
    model.train(opt is not None)
    bce = nn.BCEWithLogitsLoss(reduction="sum")
    loss_sum = correct = n = 0
    for x, y in loader:
        with torch.set_grad_enabled(opt is not None):
            z = model(x)
            loss = bce(z, y)
        if opt is not None:
            opt.zero_grad()
            (loss / len(y)).backward()
            opt.step()
        loss_sum += loss.item()
        correct += ((z > 0).float() == y).sum().item()
        n += len(y)
    return loss_sum / n, correct / n


if __name__ == "__main__":
    train, val = random_split(TensorDataset(*clicks(9000)), [7500, 1500])
    train_loader, val_loader = DataLoader(train, 100, shuffle=True), DataLoader(val, 500)
    model = CrossNet(DIM, 2)
    opt = torch.optim.Adam(model.parameters(), lr=3e-3)
    for epoch in range(12):
        tr = epoch_pass(model, train_loader, opt)
        va = epoch_pass(model, val_loader)
        print("epoch %02d  train %.4f (%.3f)  val %.4f (%.3f)" % (epoch, *tr, *va))
    print(f"val accuracy {va[1]:.4f}")
