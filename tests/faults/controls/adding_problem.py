import argparse
import torch
from torch import nn

ap = argparse.ArgumentParser()
ap.add_argument("--T", type=int, default=20)
ap.add_argument("--hidden", type=int, default=40)
ap.add_argument("--steps", type=int, default=900)
ap.add_argument("--lr", type=float, default=1e-2)
args = ap.parse_args()
torch.manual_seed(53)


def batch(n, T):
    values = torch.rand(n, T)
    marks = torch.zeros(n, T)
    first = torch.randint(0, T // 2, (n,))
    second = torch.randint(T // 2, T, (n,))
    rows = torch.arange(n)
    marks[rows, first] = 1.0
    marks[rows, second] = 1.0
    target = values[rows, first] + values[rows, second]
    x = torch.stack([(values - 0.5) / 0.289, marks], dim=-1)
    return x, (target - 1.0) / 0.408


class AddingLSTM(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.lstm = nn.LSTM(2, hidden, batch_first=True)
        self.readout = nn.Linear(hidden, 1)
        with torch.no_grad():
            self.lstm.bias_ih_l0[hidden:2 * hidden].fill_(1.0)

    def forward(self, x):
        _, (h, _) = self.lstm(x)
        return self.readout(h[-1]).squeeze(-1)


net = AddingLSTM(args.hidden)
opt = torch.optim.Adam(net.parameters(), lr=args.lr)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, args.steps)
vx, vy = batch(1000, args.T)
for step in range(1, args.steps + 1):
    x, y = batch(64, args.T)
    loss = nn.functional.mse_loss(net(x), y)
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    opt.step()
    sched.step()
    if step % 75 == 0:
        with torch.no_grad():
            val = nn.functional.mse_loss(net(vx), vy).item()
        print(f"step {step:4d} loss {loss.item():.4f} val {val:.4f}")
print(f"val mse {val:.5f}")
