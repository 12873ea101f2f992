"""One trunk, two questions about a beech stand: will it mast this year, and how much does it weigh?"""
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(38)
torch.set_num_threads(1)


def stands(n):
    x = torch.randn(n, 10)
    drive = torch.tanh(x[:, 0] + 0.5 * x[:, 1]) + 0.6 * x[:, 2] * torch.sigmoid(2 * x[:, 3])
    mast = (drive + 0.25 * torch.randn(n) > 0).float()
    weight = 12 + 3 * drive + 1.5 * torch.relu(x[:, 4]) + 0.4 * torch.randn(n)
    return x, mast, weight


class Stand(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(10, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU())
        self.mast = nn.Linear(48, 1)
        self.weight = nn.Linear(48, 1)

    def forward(self, x):
        h = self.trunk(x)
        return self.mast(h).squeeze(1), self.weight(h).squeeze(1)


x, mast, weight = stands(3000)
xt, mast_t, weight_t = stands(600)
mu, sd = weight.mean(), weight.std()
data = DataLoader(TensorDataset(x, mast, (weight - mu) / sd), batch_size=60, shuffle=True)

model = Stand()
opt = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.02)
bce, mse = nn.BCEWithLogitsLoss(), nn.MSELoss()
W_MAST, W_WEIGHT = 1.0, 0.5

for epoch in range(20):
    model.train()
    sums = [0.0, 0.0]
    for bx, bm, bw in data:
        logit, est = model(bx)
        l1, l2 = bce(logit, bm), mse(est, bw)
        loss = W_MAST * l1 + W_WEIGHT * l2
        opt.zero_grad()
        loss.backward()
        opt.step()
        sums[0] += l1.item() * len(bx)
        sums[1] += l2.item() * len(bx)
    if epoch % 4 == 3:
        model.eval()
        with torch.no_grad():
            logit, est = model(xt)
            acc = ((logit > 0).float() == mast_t).float().mean().item()
            rmse = ((est * sd + mu - weight_t) ** 2).mean().sqrt().item()
        print(f"epoch {epoch + 1}: bce {sums[0] / len(x):.4f} mse {sums[1] / len(x):.4f} | test mast acc {acc:.3f} weight rmse {rmse:.3f} kg")
