"""The multiplication problem with an LSTMCell: the product of the two marked numbers of a sequence."""
import argparse

import torch
import torch.nn as nn


def make_batch(n, length):
    values = (torch.rand(n, length) - 0.5) * 3.46
    marks = torch.zeros(n, length)
    first = torch.randint(0, length // 2, (n,))
    second = torch.randint(length // 2, length, (n,))
    rows = torch.arange(n)
    marks[rows, first] = 1.0
    marks[rows, second] = 1.0
    target = (values[rows, first] * values[rows, second]).unsqueeze(1)
    return torch.stack([values, marks], dim=-1), target


class MarkedProduct(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.hidden = hidden
        self.cell = nn.LSTMCell(2, hidden)
        self.readout = nn.Linear(hidden, 1)

    def forward(self, x):
        h = x.new_zeros(x.size(0), self.hidden)
        c = x.new_zeros(x.size(0), self.hidden)
        for t in range(x.size(1)):
            h, c = self.cell(x[:, t], (h.detach(), c.detach()))
        return self.readout(h)


def main(args):
    torch.manual_seed(args.seed)
    model = MarkedProduct(args.hidden)
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    criterion = nn.MSELoss()
    val_x, val_y = make_batch(500, args.length)
    for step in range(1, args.steps + 1):
        x, y = make_batch(64, args.length)
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        if step % 100 == 0:
            with torch.no_grad():
                val = criterion(model(val_x), val_y).item()
            print(f"step {step}: train mse {loss.item():.4f}, val mse {val:.4f}")


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--length", type=int, default=8)
    p.add_argument("--hidden", type=int, default=32)
    p.add_argument("--steps", type=int, default=1500)
    p.add_argument("--lr", type=float, default=1e-2)
    p.add_argument("--seed", type=int, default=0)
    main(p.parse_args())
