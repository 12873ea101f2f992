import argparse

import torch
import torch.nn as nn
import torch.nn.functional as F

parser = argparse.ArgumentParser(description="mark phrase breaks in synthetic pitch tracks")
parser.add_argument("--epochs", type=int, default=10)
parser.add_argument("--batch-size", type=int, default=30)
parser.add_argument("--lr", type=float, default=4e-3)
parser.add_argument("--hidden", type=int, default=32)
parser.add_argument("--seed", type=int, default=5)
args = parser.parse_args()
torch.manual_seed(args.seed)

N_CLASSES = 4  # steady, rise, fall, pause
LENGTH = 24


def make_tracks(n):
    state = torch.randint(0, N_CLASSES, (n, 1))
    states = [state]
    for _ in range(LENGTH - 1):
        move = (torch.rand(n, 1) < 0.25).long()
        state = torch.where(move == 1, torch.randint(0, N_CLASSES, (n, 1)), state)
        states.append(state)
    y = torch.cat(states, 1)
    slope = torch.tensor([0.0, 1.0, -1.0, 0.0])[y]
    pitch = torch.cumsum(slope * 0.5, 1) * 0.4 + 0.1 * torch.randn(n, LENGTH)
    energy = torch.tensor([1.0, 1.0, 1.0, -1.0])[y] + 0.5 * torch.randn(n, LENGTH)
    pitch = (pitch - pitch.mean()) / pitch.std()
    delta = torch.diff(pitch, dim=1, prepend=pitch[:, :1])
    delta = delta / delta.std()
    return torch.stack([pitch, delta, energy], -1), y


class BreakTagger(nn.Module):
    def __init__(self, n_in, hidden, n_out):
        super().__init__()
        self.rnn = nn.GRU(n_in, hidden, batch_first=True, bidirectional=True)
        self.out = nn.Linear(2 * hidden, n_out)

    def forward(self, x):
        h, _ = self.rnn(x)
        return F.log_softmax(self.out(h), dim=1)


x_train, y_train = make_tracks(600)
x_val, y_val = make_tracks(300)
model = BreakTagger(3, args.hidden, N_CLASSES)
opt = torch.optim.Adam(model.parameters(), lr=args.lr)

for epoch in range(args.epochs):
    model.train()
    order = torch.randperm(len(x_train))
    total = 0.0
    for k in range(0, len(order), args.batch_size):
        idx = order[k:k + args.batch_size]
        logp = model(x_train[idx])
        loss = F.nll_loss(logp.reshape(-1, N_CLASSES), y_train[idx].reshape(-1))
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() * len(idx)
    model.eval()
    with torch.no_grad():
        logp = model(x_val)
        val_loss = F.nll_loss(logp.reshape(-1, N_CLASSES), y_val.reshape(-1)).item()
        acc = (logp.argmax(-1) == y_val).float().mean().item()
    print("epoch %d | train %.4f | val %.4f | frame acc %.4f" % (epoch + 1, total / len(order), val_loss, acc))

print("frame accuracy: %.4f" % acc)
