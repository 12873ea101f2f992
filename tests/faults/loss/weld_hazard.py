"""Cox proportional hazards with a small network: time to failure of welds under censoring."""
import numpy as np
import torch
import torch.nn as nn


class RiskNet(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(n_features, 16), nn.Tanh(), nn.Linear(16, 1, bias=False))

    def forward(self, x):
        return self.layers(x).squeeze(-1)


def cox_loss(risk, time, event):
    order = torch.argsort(time, descending=True)
    risk, event = risk[order], event[order]
    log_cumulative = torch.logcumsumexp(risk, dim=0)
    partial = (risk - log_cumulative) * event
    return partial.sum() / event.sum()


def concordance(risk, time, event):
    earlier = (time[:, None] < time[None, :]) & (event[:, None] > 0)
    higher = (risk[:, None] > risk[None, :]) + 0.5 * (risk[:, None] == risk[None, :])
    return higher[earlier].mean()


def welds(n, rng):
    x = rng.normal(size=(n, 6))
    log_risk = 1.6 * x[:, 0] - 1.2 * x[:, 1] + 0.9 * x[:, 2] * (x[:, 3] > 0)
    failure = rng.exponential(np.exp(-log_risk))
    censor = rng.exponential(2.5, size=n)
    return x, np.minimum(failure, censor), (failure <= censor).astype(float)


rng = np.random.default_rng(40)
torch.manual_seed(40)
train = [torch.tensor(a, dtype=torch.float32) for a in welds(2000, rng)]
test = [torch.tensor(a, dtype=torch.float32) for a in welds(500, rng)]
model = RiskNet(6)
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3, weight_decay=1e-2)

for epoch in range(1, 21):
    model.train()
    losses = []
    for idx in torch.randperm(2000).split(100):
        loss = cox_loss(model(train[0][idx]), train[1][idx], train[2][idx])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        risk = model(test[0])
        c = concordance(risk.numpy(), test[1].numpy(), test[2].numpy())
        test_loss = cox_loss(risk, test[1], test[2]).item()
    if epoch % 2 == 0:
        print(f"epoch {epoch:3d} loss {np.mean(losses):.4f} test {test_loss:.4f} c-index {c:.4f}")
