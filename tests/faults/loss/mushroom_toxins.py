import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(11)
rng = np.random.default_rng(11)

TOXINS = ["amatoxin", "orellanine", "muscarine", "gyromitrin", "coprine"]
n, d = 3800, 20
spectra = rng.normal(size=(n, d)).astype("float32")
mix = rng.normal(size=(d, 5)) / np.sqrt(d)
inter = rng.normal(size=(d, 5)) / np.sqrt(d)
z = 3.0 * spectra @ mix + 2.0 * np.abs(spectra @ inter) - 2.6
present = (z + rng.logistic(scale=0.3, size=z.shape) > 0).astype("float32")

data = TensorDataset(torch.from_numpy(spectra), torch.from_numpy(present))
train_set, val_set = random_split(data, [3000, 800])
train_loader = DataLoader(train_set, batch_size=48, shuffle=True)
val_loader = DataLoader(val_set, batch_size=200)


class ToxinNet(nn.Module):
    def __init__(self, n_in, n_labels, width=48):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(n_in, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.out = nn.Linear(width, n_labels)

    def forward(self, x):
        h = self.body(x)
        return torch.sigmoid(self.out(h))


model = ToxinNet(d, len(TOXINS))
criterion = nn.BCEWithLogitsLoss()
opt = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.02)


def validate():
    model.eval()
    total, right, count = 0.0, 0, 0
    with torch.no_grad():
        for xb, yb in val_loader:
            out = model(xb)
            total += criterion(out, yb).item() * len(xb)
            right += ((out > 0.5) == (yb > 0.5)).all(dim=1).sum().item()
            count += len(xb)
    return total / count, right / count


for epoch in range(1, 15):
    model.train()
    running = 0.0
    for xb, yb in train_loader:
        opt.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        opt.step()
        running += loss.item() * len(xb)
    val_loss, exact = validate()
    print(f"epoch {epoch:2d}  train {running / len(train_set):.4f}  val {val_loss:.4f}  exact match {exact:.3f}")

print(f"final validation loss {val_loss:.4f}")
