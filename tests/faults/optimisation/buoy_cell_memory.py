"""Which wave group came first? An LSTM cell reads buoy heave one sample at a time."""
import torch
from torch import nn
from torch.nn import functional as F


def buoy_tracks(n, gen, length=22):
    heave = torch.randn(n, length, generator=gen) * 0.3
    kinds = torch.randint(0, 3, (n, 2), generator=gen)
    shapes = torch.tensor([[1.0, 2.0, 1.0], [1.0, -2.0, 1.0], [2.0, 0.0, -2.0]])
    first = torch.randint(1, 6, (n,), generator=gen)
    second = torch.randint(11, 18, (n,), generator=gen)
    for j in range(3):
        heave[torch.arange(n), first + j] += shapes[kinds[:, 0], j]
        heave[torch.arange(n), second + j] += shapes[kinds[:, 1], j]
    heave = (heave - heave.mean()) / heave.std()
    return heave, kinds[:, 0] * 3 + kinds[:, 1]


class BuoyReader(nn.Module):
    def __init__(self, hidden=40, classes=9):
        super().__init__()
        self.hidden = hidden
        self.cell = nn.LSTMCell(1, hidden)
        self.head = nn.Linear(hidden, classes)

    def forward(self, heave):
        h = heave.new_zeros(len(heave), self.hidden)
        c = heave.new_zeros(len(heave), self.hidden)
        for t in range(heave.shape[1]):
            h, c = self.cell(heave[:, t:t + 1], (h.detach(), c.detach()))
        return self.head(h)


def main():
    torch.manual_seed(2)
    gen = torch.Generator().manual_seed(12)
    x, y = buoy_tracks(3000, gen)
    xt, yt = buoy_tracks(800, gen)
    model = BuoyReader()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for epoch in range(12):
        order = torch.randperm(len(x))
        losses = []
        for chunk in order.split(75):
            loss = F.cross_entropy(model(x[chunk]), y[chunk])
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            losses.append(loss.item())
        with torch.no_grad():
            logits = model(xt)
        acc = (logits.argmax(-1) == yt).float().mean().item()
        print(f"epoch {epoch:2d} train {sum(losses) / len(losses):.4f} "
              f"test {F.cross_entropy(logits, yt).item():.4f} acc {acc:.3f}")
    print(f"accuracy on new tracks: {acc:.4f}")


main()
