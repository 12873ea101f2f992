"""Anode effects in a smelter pot: read 100 voltage samples with a recurrent cell of our own and say which of four
oscillations is on the line."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(9)
STEPS, HIDDEN, KINDS = 100, 40, 4


def pot_traces(n):
    label = torch.randint(KINDS, (n,))
    t = torch.arange(STEPS)
    period = torch.tensor([5.0, 8.0, 13.0, 22.0])[label] * (0.95 + 0.1 * torch.rand(n))
    wave = torch.sin(2 * torch.pi * (t / period[:, None] + torch.rand(n, 1)))
    return ((wave * 1.2 + 0.7 * torch.randn(n, STEPS)) / 1.1).unsqueeze(2), label


class PotCell(nn.Module):
    def __init__(self, n_in, hidden):
        super().__init__()
        self.inp = nn.Linear(n_in, hidden)
        self.rec = nn.Linear(hidden, hidden)

    def forward(self, x, h):
        return h + F.relu(self.inp(x) + self.rec(h))


class PotReader(nn.Module):
    def __init__(self, hidden=HIDDEN):
        super().__init__()
        self.cell = PotCell(1, hidden)
        self.out = nn.Linear(hidden, KINDS)
        self.hidden = hidden

    def forward(self, seq):
        h, states = seq.new_zeros(len(seq), self.hidden), []
        for t in range(seq.shape[1]):
            h = self.cell(seq[:, t], h)
            states.append(h)
        return self.out(torch.stack(states[-50:]).mean(0))


x_train, y_train = pot_traces(1600)
x_test, y_test = pot_traces(500)
model = PotReader()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 12)

for epoch in range(12):
    model.train()
    losses = []
    for idx in torch.randperm(len(x_train)).split(50):
        loss = F.cross_entropy(model(x_train[idx]), y_train[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    scheduler.step()
    model.eval()
    with torch.no_grad():
        out = model(x_test)
    print(f"epoch {epoch + 1}: train loss {sum(losses) / len(losses):.4f} "
          f"test loss {F.cross_entropy(out, y_test).item():.4f} acc {(out.argmax(1) == y_test).float().mean().item():.4f}")

print(f"accuracy on fresh traces: {(out.argmax(1) == y_test).float().mean().item():.4f}")
