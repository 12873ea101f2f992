"""Predict which of eight conditions a beekeeper would note from a hive's sensor summary."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, random_split

NOTES = ["queenless", "varroa", "swarming", "robbing", "damp", "light_stores", "chalkbrood", "strong"]


class HiveDataset(Dataset):
    def __init__(self, n=3000, n_features=14, seed=3):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(n, n_features)).astype("float32")
        mix = rng.normal(size=(n_features, 24)) / np.sqrt(n_features)
        hidden = np.tanh(2.0 * x @ mix)
        scores = hidden @ rng.normal(size=(24, len(NOTES))) / 2.0
        scores += 0.25 * rng.normal(size=scores.shape)
        cut = np.quantile(scores, [0.7, 0.75, 0.8, 0.7, 0.65, 0.75, 0.8, 0.6], axis=0).diagonal()
        self.x = torch.from_numpy(x)
        self.y = torch.from_numpy((scores > cut).astype("float32"))

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


class NoteTagger(nn.Module):
    def __init__(self, n_in, n_tags, width=64):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(n_in, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.tags = nn.Linear(width, n_tags)

    def forward(self, x):
        h = self.body(x)
        return torch.sigmoid(self.tags(h))


def micro_f1(model, loader, criterion):
    model.eval()
    tp = fp = fn = 0
    loss = n = 0.0
    with torch.no_grad():
        for x, y in loader:
            out = model(x)
            loss += criterion(out, y).item() * len(x)
            n += len(x)
            hit = (out > THRESHOLD).float()
            tp += (hit * y).sum().item()
            fp += (hit * (1 - y)).sum().item()
            fn += ((1 - hit) * y).sum().item()
    return loss / n, 2 * tp / max(2 * tp + fp + fn, 1)


THRESHOLD = 0.5

if __name__ == "__main__":
    torch.manual_seed(17)
    data = HiveDataset()
    train_set, val_set = random_split(data, [2400, 600])
    train_loader = DataLoader(train_set, batch_size=64, shuffle=True)
    val_loader = DataLoader(val_set, batch_size=256)
    model = NoteTagger(14, len(NOTES))
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.01)
    for epoch in range(1, 16):
        model.train()
        running = 0.0
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            running += loss.item() * len(x)
        val_loss, f1 = micro_f1(model, val_loader, criterion)
        print(f"epoch {epoch:2d}  train loss {running / len(train_set):.4f}  val loss {val_loss:.4f}  val F1 {f1:.3f}")
    print(f"final micro F1 {f1:.4f}")
