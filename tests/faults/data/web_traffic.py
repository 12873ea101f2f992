"""Which of four user groups produced a session?  Count features are log-transformed."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

np.random.seed(25)
torch.manual_seed(25)
GROUPS, FEATURES = 4, 12
rates = np.exp(np.random.normal(2.3, 0.5, (GROUPS, FEATURES)))


def sessions(n):
    group = np.random.randint(0, GROUPS, n)
    activity = np.random.gamma(6, 1 / 6, (n, 1))
    counts = np.random.poisson(rates[group] * activity)
    return counts.astype(np.float64), group


def transform(counts):
    return np.log(counts)


class SessionNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(FEATURES, 24), nn.ELU(), nn.Linear(24, 24), nn.ELU())
        self.head = nn.Linear(24, GROUPS)

    def forward(self, x):
        return self.head(self.encoder(x))


c_train, g_train = sessions(3000)
c_test, g_test = sessions(800)
x_train, x_test = transform(c_train), transform(c_test)
center, scale = np.median(x_train, axis=0), np.subtract(*np.percentile(x_train, [84, 16], axis=0)) / 2
x_train, x_test = [torch.tensor((x - center) / scale, dtype=torch.float32) for x in (x_train, x_test)]
g_train, g_test = torch.tensor(g_train), torch.tensor(g_test)

model = SessionNet()
optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
criterion = nn.CrossEntropyLoss()
loader = DataLoader(TensorDataset(x_train, g_train), batch_size=64, shuffle=True, drop_last=True)
scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.05, total_iters=8)
for epoch in range(8):
    model.train()
    running = 0.0
    for xb, gb in loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), gb)
        loss.backward()
        optimizer.step()
        running += loss.item() / len(loader)
    scheduler.step()
    model.eval()
    with torch.no_grad():
        accuracy = (model(x_test).argmax(dim=1) == g_test).float().mean().item()
    print(f"Epoch {epoch + 1} | train loss {running:.4f} | test accuracy {accuracy:.4f}")
