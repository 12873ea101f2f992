from dataclasses import dataclass
import torch
import torch.nn as nn
from sklearn.datasets import make_friedman1


@dataclass
class Config:
    seed: int = 17
    batch_size: int = 96
    steps: int = 1500
    lr: float = 3e-3
    hidden: int = 32
    eval_every: int = 150


cfg = Config()
torch.manual_seed(cfg.seed)

X, y = make_friedman1(n_samples=2500, n_features=8, noise=0.8, random_state=cfg.seed)
X = torch.tensor(X, dtype=torch.float32)
y = torch.tensor(y, dtype=torch.float32).unsqueeze(1)
X_train, y_train, X_val, y_val = X[:2000], y[:2000], X[2000:], y[2000:]
x_mean, x_std, y_mean, y_std = X_train.mean(0), X_train.std(0), y_train.mean(), y_train.std()
X_train, X_val = (X_train - x_mean) / x_std, (X_val - x_mean) / x_std
y_train, y_val = (y_train - y_mean) / y_std, (y_val - y_mean) / y_std


def get_batch(split, step):
    if split == "val":
        return X_val, y_val
    g = torch.Generator().manual_seed(cfg.seed)
    idx = torch.randint(len(X_train), (cfg.batch_size,), generator=g)
    return X_train[idx], y_train[idx]


class FlowNet(nn.Module):
    def __init__(self, d_in, hidden):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(d_in, hidden), nn.GELU(), nn.Linear(hidden, hidden), nn.GELU(),
                                 nn.Linear(hidden, 1))

    def forward(self, x, targets=None):
        out = self.net(x)
        loss = None if targets is None else nn.functional.mse_loss(out, targets)
        return out, loss


@torch.no_grad()
def estimate(model):
    model.eval()
    xb, yb = get_batch("val", 0)
    _, loss = model(xb, yb)
    model.train()
    return loss.item()


model = FlowNet(8, cfg.hidden)
optimizer = torch.optim.AdamW(model.parameters(), lr=cfg.lr, weight_decay=0.02)
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, cfg.lr, total_steps=cfg.steps)
for step in range(cfg.steps):
    xb, yb = get_batch("train", step)
    _, loss = model(xb, yb)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    schedule.step()
    if (step + 1) % cfg.eval_every == 0:
        print(f"step {step + 1}: train loss {loss.item():.4f}, val loss {estimate(model):.4f}")
print(f"final val loss {estimate(model):.4f}")
