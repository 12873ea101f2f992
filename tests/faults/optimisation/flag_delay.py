"""Remember which symbol carried the flag, report it at the end of the sequence (hand-written GRU loop)."""
import torch
import torch.nn as nn
import torch.nn.functional as F

SYMBOLS, LENGTH = 8, 20


def make_batch(n, generator):
    sym = torch.randint(0, SYMBOLS, (n, LENGTH), generator=generator)
    when = torch.randint(0, LENGTH, (n,), generator=generator)
    flag = F.one_hot(when, LENGTH).float().unsqueeze(-1)
    x = torch.cat([F.one_hot(sym, SYMBOLS).float(), flag], -1)
    return x, sym[torch.arange(n), when]


class FlagReader(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.hidden = hidden
        self.cell = nn.GRUCell(SYMBOLS + 1, hidden)
        self.readout = nn.Linear(hidden, SYMBOLS)

    def forward(self, x):
        h = x.new_zeros(x.size(0), self.hidden)
        for t in range(x.size(1)):
            h = self.cell(x[:, t], h.detach())
        return self.readout(h)


def main():
    torch.manual_seed(9)
    gen = torch.Generator().manual_seed(9)
    val_x, val_y = make_batch(1000, gen)
    model = FlagReader()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=2e-3)
    best = 0.0
    for step in range(1, 701):
        x, y = make_batch(64, gen)
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 100 == 0:
            model.eval()
            with torch.no_grad():
                acc = (model(val_x).argmax(1) == val_y).float().mean().item()
            model.train()
            best = max(best, acc)
            print(f"step {step:5d} loss {loss.item():.4f} val acc {acc:.4f}")
    print(f"final accuracy {acc:.4f} (best {best:.3f})")


if __name__ == "__main__":
    main()
