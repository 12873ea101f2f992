import torch
import torch.nn as nn
from sklearn.datasets import make_classification
from torch.utils.data import DataLoader, TensorDataset


class ResidualBlock(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc1 = nn.Linear(width, width)
        self.fc2 = nn.Linear(width, width)

    def forward(self, x):
        return x + self.fc2(torch.relu(self.fc1(x)))


class DeepResidualMLP(nn.Module):
    def __init__(self, n_in, width, depth, n_out):
        super().__init__()
        self.stem = nn.Linear(n_in, width)
        self.blocks = nn.Sequential(*[ResidualBlock(width) for _ in range(depth)])
        self.head = nn.Linear(width, n_out)
        self.apply(self.init_weights)

    @staticmethod
    def init_weights(m):
        if isinstance(m, nn.Linear):
            nn.init.kaiming_normal_(m.weight, nonlinearity="relu")
            nn.init.zeros_(m.bias)

    def forward(self, x):
        return self.head(self.blocks(self.stem(x)))


def rock_samples(n=8000):
    x, y = make_classification(n_samples=n, n_features=16, n_informative=10, n_redundant=2, n_classes=4,
                               n_clusters_per_class=1, class_sep=1.3, flip_y=0.04, random_state=73)
    x = (x - x[:6400].mean(0)) / x[:6400].std(0)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y)


def main():
    torch.manual_seed(73)
    x, y = rock_samples()
    train = DataLoader(TensorDataset(x[:6400], y[:6400]), batch_size=64, shuffle=True)
    test_x, test_y = x[6400:], y[6400:]
    model = DeepResidualMLP(16, 24, 16, 4)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3, weight_decay=0.05)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=6)
    for epoch in range(6):
        model.train()
        total = 0.0
        for xb, yb in train:
            optimizer.zero_grad()
            loss = criterion(model(xb), yb)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(yb)
        scheduler.step()
        model.eval()
        with torch.no_grad():
            out = model(test_x)
        acc = (out.argmax(1) == test_y).float().mean().item()
        print(f"epoch {epoch + 1:2d}: train loss {total / 6400:.4f}, test loss {criterion(out, test_y).item():.4f}, test acc {acc:.4f}")
    print(f"rock type accuracy: {acc:.4f}")


if __name__ == "__main__":
    main()
