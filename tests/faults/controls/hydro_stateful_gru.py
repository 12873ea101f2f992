"""River level forecast with a stateful GRU: truncated back-propagation through parallel, consecutive chunks."""
import numpy as np
import torch
from torch import nn

torch.manual_seed(70)
rng = np.random.default_rng(70)


def river(n):
    rain = rng.gamma(1.5, 0.6, n) * (rng.random(n) < 0.4)
    soil, level = 0.0, np.zeros(n)
    for t in range(n):
        soil = 0.93 * soil + 0.3 * rain[t]
        level[t] = soil + 0.6 * np.tanh(2 * soil) * rain[t] + 0.03 * rng.normal()
    return rain, level


STREAMS, CHUNK = 16, 25
rain, level = river(STREAMS * 750 + 2000)
rain, level = (rain - rain.mean()) / rain.std(), (level - level.mean()) / level.std()
as_rows = lambda a, rows: torch.tensor(a, dtype=torch.float32).view(rows, -1, 1)
x_train, y_train = as_rows(rain[:-2000], STREAMS), as_rows(level[:-2000], STREAMS)
x_test, y_test = as_rows(rain[-2000:], 1), as_rows(level[-2000:], 1)


class StatefulGRU(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.gru = nn.GRU(1, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x, h=None):
        seq, h = self.gru(x, h)
        return self.out(seq), h


net = StatefulGRU()
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=18)
for epoch in range(18):
    net.train()
    h, losses = None, []
    for start in range(0, x_train.shape[1], CHUNK):
        if h is not None:
            h = h.detach()
        pred, h = net(x_train[:, start:start + CHUNK], h)
        loss = nn.functional.mse_loss(pred, y_train[:, start:start + CHUNK])
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
        losses.append(loss.item())
    sched.step()
    net.eval()
    with torch.no_grad():
        test = nn.functional.mse_loss(net(x_test)[0][:, 100:], y_test[:, 100:]).item()
    if epoch % 3 == 2:
        print(f"epoch {epoch + 1}: train {np.mean(losses):.4f} test {test:.4f}")
print(f"test MSE {test:.4f}")
