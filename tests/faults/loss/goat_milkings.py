import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset, random_split

np.random.seed(3)
torch.manual_seed(3)

COLUMNS = ["age", "days_in_milk", "litter", "browse_hours", "barley_kg", "temperature", "body_score", "water_l"]


class MilkingLog(Dataset):
    """One row per goat and day; the target is litres of milk (standardised over the herd)."""

    def __init__(self, n=2500):
        raw = np.column_stack([
            np.random.uniform(1, 9, n), np.random.uniform(5, 280, n), np.random.randint(1, 4, n),
            np.random.uniform(0, 9, n), np.random.gamma(3, 0.3, n), np.random.normal(14, 7, n),
            np.random.normal(3, 0.5, n), np.random.normal(8, 1.5, n)])
        age, dim, litter, browse, barley, temp, score, water = raw.T
        wood = (dim / 40) ** 0.4 * np.exp(-dim / 160)
        litres = 2.2 * wood + 0.25 * litter + 0.07 * browse + 0.6 * np.tanh(barley) \
            - 0.04 * (age - 4.5) ** 2 - 0.002 * (temp - 12) ** 2 + 0.3 * (score - 3)
        litres = litres + np.random.normal(0, 0.15, n)
        self.x = torch.tensor((raw - raw.mean(0)) / raw.std(0), dtype=torch.float32)
        self.y = torch.tensor((litres - litres.mean()) / litres.std(), dtype=torch.float32)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


class Trainer:
    def __init__(self, model, lr=0.004, epochs=12):
        self.model, self.epochs = model, epochs
        self.opt = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=1e-3)
        self.sched = torch.optim.lr_scheduler.StepLR(self.opt, step_size=4, gamma=0.4)
        self.loss_fn = nn.MSELoss()

    def run_epoch(self, loader, train):
        self.model.train(train)
        total = count = 0
        for x, y in loader:
            with torch.set_grad_enabled(train):
                litres = self.model(x)
                loss = self.loss_fn(litres, y)
            if train:
                self.opt.zero_grad()
                loss.backward()
                self.opt.step()
            total += loss.item() * len(y)
            count += len(y)
        return total / count

    def fit(self, train_loader, val_loader):
        for epoch in range(self.epochs):
            tr = self.run_epoch(train_loader, True)
            va = self.run_epoch(val_loader, False)
            self.sched.step()
            print(f"epoch {epoch + 1:2d}/{self.epochs}: train mse {tr:.4f}, val mse {va:.4f}")


def r2(model, subset):
    x, y = zip(*(subset[i] for i in range(len(subset))))
    x, y = torch.stack(x), torch.stack(y)
    model.eval()
    with torch.no_grad():
        guess = model(x).flatten()
    return 1 - ((guess - y) ** 2).sum().item() / ((y - y.mean()) ** 2).sum().item()


log = MilkingLog()
train_set, val_set = random_split(log, [2000, 500], generator=torch.Generator().manual_seed(1))
model = nn.Sequential(
    nn.Linear(len(COLUMNS), 48), nn.ReLU(),
    nn.Linear(48, 24), nn.ReLU(),
    nn.Linear(24, 1),
)
trainer = Trainer(model)
trainer.fit(DataLoader(train_set, batch_size=32, shuffle=True), DataLoader(val_set, batch_size=100))
print(f"R2 on held-out milkings: {r2(model, val_set):.4f}")
