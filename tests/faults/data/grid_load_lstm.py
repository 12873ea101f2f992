import numpy as np
import torch
import torch.nn as nn
from sklearn.metrics import r2_score
from torch.utils.data import DataLoader, Dataset


def hourly_load(hours, rng):
    t = np.arange(hours)
    daily = 8.5 * np.sin(2 * np.pi * (t % 24 - 7) / 24) + 3 * np.sin(4 * np.pi * t / 24)
    weekend = np.where((t // 24) % 7 >= 5, -7, 0)
    weather = np.zeros(hours)
    for k in range(1, hours):
        weather[k] = 0.97 * weather[k - 1] + rng.normal(0, 0.9)
    return 78 + daily + weekend + weather + rng.normal(0, 0.6, hours)


class WindowDataset(Dataset):
    def __init__(self, load, window, mean, std):
        scaled = (load - mean) / std
        self.x = torch.tensor(np.stack([scaled[i:i + window] for i in range(len(load) - window)]), dtype=torch.float32).unsqueeze(-1)
        self.y = torch.tensor(load[window:], dtype=torch.float32).unsqueeze(-1)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, idx):
        return self.x[idx], self.y[idx]


class LoadForecaster(nn.Module):
    def __init__(self, hidden_size=32):
        super().__init__()
        self.lstm = nn.LSTM(1, hidden_size, batch_first=True)
        self.head = nn.Sequential(nn.Linear(hidden_size, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.head(out[:, -1])


def predict(model, loader):
    model.eval()
    with torch.no_grad():
        pairs = [(model(x), y) for x, y in loader]
    return torch.cat([p for p, _ in pairs]).numpy(), torch.cat([y for _, y in pairs]).numpy()


def main():
    torch.manual_seed(3)
    load = hourly_load(4000, np.random.default_rng(3))
    train_part, val_part = load[:3200], load[3200:]
    mean, std = train_part.mean(), train_part.std()
    train_loader = DataLoader(WindowDataset(train_part, 24, mean, std), batch_size=64, shuffle=True)
    val_loader = DataLoader(WindowDataset(val_part, 24, mean, std), batch_size=256)

    model = LoadForecaster()
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=20, eta_min=1e-4)
    for epoch in range(20):
        model.train()
        epoch_loss = 0.0
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            epoch_loss += loss.item() * len(y)
        scheduler.step()
        pred, true = predict(model, val_loader)
        print(f"Epoch {epoch + 1:02d} | train MSE {epoch_loss / len(train_loader.dataset):.3f} | val MSE {((pred - true) ** 2).mean():.3f} | val R2 {r2_score(true, pred):.4f}")
    print(f"Validation R2 {r2_score(true, pred):.4f}")


if __name__ == "__main__":
    main()
