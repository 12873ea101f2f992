import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

N_STOPS, DIM = 80, 6


class DelayDataset(Dataset):
    """Delay of a bus at a stop, given the stop id, the hour and the weather."""

    def __init__(self, n, rng, stops):
        self.stop = torch.from_numpy(rng.integers(0, N_STOPS, n))
        hour = rng.uniform(0, 1, n)
        rain = rng.normal(size=n)
        base, peak, wet = stops[self.stop.numpy()].T
        delay = base + peak * np.sin(2 * np.pi * hour) + wet * rain + 0.4 * rng.normal(size=n)
        self.cont = torch.tensor(np.stack([np.sin(2 * np.pi * hour), np.cos(2 * np.pi * hour), rain], 1) * [1.4, 1.4, 1.0],
                                 dtype=torch.float32)
        self.delay = torch.tensor(delay / 1.4, dtype=torch.float32)

    def __len__(self):
        return len(self.delay)

    def __getitem__(self, i):
        return self.stop[i], self.cont[i], self.delay[i]


class DelayModel(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        table = torch.randn(N_STOPS, DIM) * 0.3
        self.stop_emb = nn.Embedding.from_pretrained(table)
        self.mlp = nn.Sequential(nn.Linear(DIM + 3, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 1))

    def forward(self, stop, cont):
        return self.mlp(torch.cat([self.stop_emb(stop), cont], dim=1)).squeeze(1)


def r2(model, loader):
    model.eval()
    with torch.no_grad():
        parts = [(model(s, c), d) for s, c, d in loader]
    pred, true = (torch.cat(p) for p in zip(*parts))
    return (1 - ((pred - true) ** 2).sum() / ((true - true.mean()) ** 2).sum()).item()


def train(model, loader, val_loader, epochs=12, lr=1e-2):
    optimizer = torch.optim.Adam((p for p in model.parameters() if p.requires_grad), lr=lr)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs)
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for stop, cont, delay in loader:
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(stop, cont), delay)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(delay)
        sched.step()
        print(f"epoch {epoch + 1:2d}: train mse {total / len(loader.dataset):.4f}, val R2 {r2(model, val_loader):.4f}")


if __name__ == "__main__":
    torch.manual_seed(19)
    rng = np.random.default_rng(19)
    stops = rng.normal(size=(N_STOPS, 3)) * [0.9, 0.9, 0.6]
    train_loader = DataLoader(DelayDataset(6000, rng, stops), batch_size=64, shuffle=True)
    val_loader = DataLoader(DelayDataset(1500, rng, stops), batch_size=500)
    model = DelayModel()
    train(model, train_loader, val_loader)
    print(f"validation R2 = {r2(model, val_loader):.4f}")
