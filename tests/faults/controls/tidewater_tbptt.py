"""Stateful LSTM over 32 parallel streams, truncated back-propagation through time, no shuffling by design."""
import torch
import torch.nn as nn

torch.manual_seed(61)
STREAMS, LENGTH, CHUNK = 32, 2400, 30


def flow(streams, length):
    level, mode, rows = torch.zeros(streams), torch.zeros(streams), []
    for _ in range(length):
        rain = torch.relu(torch.randn(streams) - 0.8)
        mode = torch.where(rain > 0.9, torch.ones(()), mode)
        mode = torch.where((rain > 0) & (rain < 0.25), torch.zeros(()), mode)
        level = 0.85 * level + rain * (0.5 + mode) + 0.03 * torch.randn(streams)
        rows.append(torch.stack([rain, level], 1))
    return torch.stack(rows, 1)


data = flow(STREAMS + 8, LENGTH)
mean, std = data[:STREAMS].mean((0, 1)), data[:STREAMS].std((0, 1))
data = (data - mean) / std
inputs, targets = data[:, :, :1], data[:, :, 1]
train_x, train_y, test_x, test_y = inputs[:STREAMS], targets[:STREAMS], inputs[STREAMS:], targets[STREAMS:]


class FlowLSTM(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.lstm = nn.LSTM(1, hidden, batch_first=True)
        self.read = nn.Linear(hidden, 1)

    def forward(self, x, state=None):
        h, state = self.lstm(x, state)
        return self.read(h).squeeze(-1), state


def repackage(state):
    return tuple(s.detach() for s in state)


def test(model):
    model.eval()
    with torch.no_grad():
        pred, _ = model(test_x)
    pred, true = pred[:, 100:], test_y[:, 100:]
    return 1 - ((pred - true) ** 2).mean().item() / true.var().item()


model = FlowLSTM()
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
mse = nn.MSELoss()
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 8)
for sweep in range(8):
    model.train()
    state, total, chunks = None, 0.0, 0
    for start in range(0, LENGTH, CHUNK):
        pred, state = model(train_x[:, start:start + CHUNK], state)
        loss = mse(pred, train_y[:, start:start + CHUNK])
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
        state = repackage(state)
        total, chunks = total + loss.item(), chunks + 1
    sched.step()
    print(f"sweep {sweep} train mse {total / chunks:.4f} test r2 {test(model):.4f}")
print(f"test r2 = {test(model):.4f}")
