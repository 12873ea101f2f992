"""Nightly room price from categorical booking fields."""
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

LEVELS = 14
FIELDS = ("hotel", "room_type", "season", "channel", "country")


def bookings(n, seed):
    table = torch.Generator().manual_seed(99)
    effects = torch.randn(len(FIELDS), LEVELS, generator=table)
    g = torch.Generator().manual_seed(seed)
    codes = torch.randint(0, LEVELS, (n, len(FIELDS)), generator=g)
    parts = torch.stack([effects[f][codes[:, f]] for f in range(len(FIELDS))], 1)
    price = parts.sum(1) + 0.6 * torch.relu(parts[:, 0] + parts[:, 2]) + 0.2 * torch.randn(n, generator=g)
    return codes, price


class RateModel(nn.Module):
    def __init__(self, dim=12, hidden=48):
        super().__init__()
        self.embeddings = nn.ModuleList([nn.Embedding(LEVELS, dim)] * len(FIELDS))
        self.mlp = nn.Sequential(nn.Linear(dim, hidden), nn.ReLU(), nn.Linear(hidden, 1))

    def forward(self, codes):
        total = sum(emb(codes[:, i]) for i, emb in enumerate(self.embeddings))
        return self.mlp(total / len(self.embeddings) ** 0.5).squeeze(1)


def fit(model, loader, val, epochs=12, lr=4e-3):
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=1e-4)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs)
    criterion = nn.SmoothL1Loss()
    for epoch in range(epochs):
        model.train()
        running = 0.0
        for codes, price in loader:
            optimizer.zero_grad()
            loss = criterion(model(codes), price)
            loss.backward()
            optimizer.step()
            running += loss.item() / len(loader)
        scheduler.step()
        model.eval()
        with torch.no_grad():
            pred = model(val[0])
        r2 = 1 - ((pred - val[1]) ** 2).mean() / val[1].var()
        print(f"epoch {epoch + 1:2d}: train loss {running:.4f}  val loss {criterion(pred, val[1]).item():.4f}  R2 {r2:.4f}")


if __name__ == "__main__":
    torch.manual_seed(14)
    (codes, price), (val_codes, val_price) = bookings(5000, 1), bookings(1000, 2)
    mean, std = price.mean(), price.std()
    loader = DataLoader(TensorDataset(codes, (price - mean) / std), batch_size=100, shuffle=True)
    fit(RateModel(), loader, (val_codes, (val_price - mean) / std))
