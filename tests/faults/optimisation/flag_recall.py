import argparse

import torch
import torch.nn as nn


class RecallCell(nn.Module):
    """Reads (value, flag) pairs one at a time and answers with the flagged value."""

    def __init__(self, hidden):
        super().__init__()
        self.hidden = hidden
        self.cell = nn.GRUCell(2, hidden)
        self.readout = nn.Linear(hidden, 1)

    def forward(self, seq):
        h = seq.new_zeros(seq.size(0), self.hidden)
        for t in range(seq.size(1)):
            h = self.cell(seq[:, t], h.detach())
        return self.readout(h).squeeze(-1)


def make_batch(n, length, gen):
    values = torch.randn(n, length, generator=gen)
    flags = torch.zeros(n, length)
    where = torch.randint(0, length, (n,), generator=gen)
    flags[torch.arange(n), where] = 1.0
    target = values[torch.arange(n), where]
    return torch.stack([values, flags], dim=-1), target


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--steps", type=int, default=650)
    p.add_argument("--length", type=int, default=16)
    p.add_argument("--hidden", type=int, default=32)
    p.add_argument("--lr", type=float, default=1e-2)
    args = p.parse_args()

    torch.manual_seed(3)
    gen = torch.Generator().manual_seed(11)
    model = RecallCell(args.hidden)
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=args.steps, eta_min=3e-4)
    loss_fn = nn.MSELoss()

    running = 0.0
    for step in range(1, args.steps + 1):
        x, y = make_batch(64, args.length, gen)
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        scheduler.step()
        running += loss.item()
        if step % 100 == 0:
            print(f"step {step:4d}  mse {running / 100:.4f}")
            running = 0.0

    model.eval()
    with torch.no_grad():
        x, y = make_batch(1000, args.length, gen)
        print(f"held-out mse {loss_fn(model(x), y).item():.4f}")


if __name__ == "__main__":
    main()
