import numpy as np
import torch
import torch.nn as nn

torch.manual_seed(6)
rng = np.random.default_rng(6)

n, n_train = 5000, 4000
age = rng.uniform(0, 20, n)
engine = rng.normal(1600, 350, n)
garage = rng.integers(0, 5, n)
rate = np.array([0.9, 1.0, 1.1, 1.3, 0.8])[garage]
mu = 400 * rate * np.exp(0.04 * age + 0.0005 * (engine - 1600) - 0.0015 * (age - 8) ** 2)
cost = rng.gamma(2.0, mu / 2.0)                    # euros

numeric = np.stack([age, engine], 1)
numeric = (numeric - numeric[:n_train].mean(0)) / numeric[:n_train].std(0)
X = torch.tensor(np.concatenate([numeric, np.eye(5)[garage]], 1), dtype=torch.float32)
cost = torch.tensor(cost, dtype=torch.float32)


class ClaimModel(nn.Module):
    """Log link; the output bias starts at the log of the mean claim."""

    def __init__(self, n_in, start):
        super().__init__()
        self.hidden = nn.Sequential(nn.Linear(n_in, 24), nn.Tanh())
        self.out = nn.Linear(24, 1)
        nn.init.zeros_(self.out.weight)
        nn.init.constant_(self.out.bias, start)

    def forward(self, x):
        return self.out(self.hidden(x)).squeeze(-1)


def gamma_deviance(log_mu, target):
    return 2 * (target * torch.exp(-log_mu) - 1 + log_mu - torch.log(target)).mean()


model = ClaimModel(X.shape[1], cost[:n_train].mean().log().item())
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
for epoch in range(10):
    total = 0.0
    for idx in torch.randperm(n_train).split(80):
        optimizer.zero_grad()
        loss = gamma_deviance(model(X[idx]), cost[idx])
        loss.backward()
        optimizer.step()
        total += loss.item() * len(idx)
    scheduler.step()
    with torch.no_grad():
        test = gamma_deviance(model(X[n_train:]), cost[n_train:]).item()
    print(f"epoch {epoch + 1}: train deviance {total / n_train:.4f}, test deviance {test:.4f}")

print(f"test deviance of the final model: {test:.4f}")
