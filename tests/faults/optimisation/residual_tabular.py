import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import make_circles
from torch.utils.data import DataLoader, TensorDataset


class TabularNet(nn.Module):
    def __init__(self, n_features, width=16, depth=3, n_classes=3):
        super().__init__()
        self.layers = [nn.Linear(n_features if i == 0 else width, width) for i in range(depth)]
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, n_classes)

    def forward(self, x):
        for layer in self.layers:
            x = F.gelu(layer(x))
        return self.head(self.norm(x))


def rings(n, seed):
    inner, yi = make_circles(n // 3 * 2, noise=0.06, factor=0.5, random_state=seed)
    g = torch.Generator().manual_seed(seed)
    angle = torch.rand(n // 3, generator=g) * 6.2832
    outer = torch.stack([angle.cos(), angle.sin()], 1) * 1.5 + 0.06 * torch.randn(n // 3, 2, generator=g)
    x = torch.cat([torch.tensor(inner, dtype=torch.float32), outer])
    y = torch.cat([torch.tensor(yi), torch.full((n // 3,), 2)])
    return TensorDataset(x / 0.75, y)


if __name__ == "__main__":
    torch.manual_seed(14)
    train_dl = DataLoader(rings(1500, 1), batch_size=50, shuffle=True)
    val_dl = DataLoader(rings(600, 2), batch_size=300)
    model = TabularNet(2)
    print(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for epoch in range(16):
        model.train()
        running = 0.0
        for xb, yb in train_dl:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(xb), yb)
            loss.backward()
            optimizer.step()
            running += loss.item()
        model.eval()
        with torch.no_grad():
            hits = sum((model(xb).argmax(1) == yb).sum().item() for xb, yb in val_dl)
        print(f"epoch {epoch + 1}: loss {running / len(train_dl):.4f}, val acc {hits / len(val_dl.dataset):.4f}")
