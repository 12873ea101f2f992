import numpy as np
import torch
from torch import nn

torch.manual_seed(5)
torch.set_num_threads(1)
rng = np.random.default_rng(5)

# bearing series of goose flocks, 24 readings each; predict whether they land within the hour
def flocks(n):
    landing = rng.integers(0, 2, n)
    t = np.arange(24)
    turn = np.where(landing == 1, 0.16, 0.08)[:, None] * t[None] * rng.choice([-1, 1], n)[:, None]
    heading = rng.uniform(0, 2 * np.pi, n)[:, None] + turn + 0.35 * rng.standard_normal((n, 24))
    speed = 1 + 0.3 * rng.standard_normal((n, 24)) - 0.012 * t * landing[:, None]
    x = np.stack([np.sin(heading), np.cos(heading), speed - 1], axis=2)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(landing, dtype=torch.float32)


class FlockLSTM(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(3, 32, batch_first=True)
        self.out = nn.Linear(32, 1)

    def forward(self, x):
        states, _ = self.rnn(x)
        return self.out(states.mean(dim=1)).squeeze(1)


x_train, y_train = flocks(1200)
x_test, y_test = flocks(600)
model = FlockLSTM()
loss_fn = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.004)

for epoch in range(31):
    model.train()
    perm = torch.randperm(len(x_train))
    losses = []
    for i in range(0, len(perm), 60):
        batch = perm[i:i + 60]
        loss = loss_fn(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    if epoch % 3 == 0 or epoch == 30:
        model.eval()
        with torch.no_grad():
            logits = model(x_test)
            hit = ((logits > 0) == (y_test > 0.5)).float().mean().item()
        print(f"{epoch:3d}: loss {np.mean(losses):.4f}, test loss {loss_fn(logits, y_test).item():.4f}, landing acc {hit:.3f}")
