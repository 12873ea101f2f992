import argparse

import numpy as np
import torch
from torch import nn
import torch.nn.functional as F

parser = argparse.ArgumentParser(description="Tag every reading of a symbol stream with its hidden regime")
parser.add_argument("--epochs", type=int, default=12)
parser.add_argument("--lr", type=float, default=5e-3)
parser.add_argument("--hidden", type=int, default=24)
parser.add_argument("--seed", type=int, default=11)
args = parser.parse_args()

torch.manual_seed(args.seed)
rng = np.random.RandomState(args.seed)
STATES, SYMBOLS, STEPS = 4, 9, 30
trans = np.full((STATES, STATES), 0.05) + np.eye(STATES) * 0.80
emit = rng.dirichlet(np.full(SYMBOLS, 0.35), size=STATES)


def simulate(n):
    xs, ys = np.zeros((n, STEPS), int), np.zeros((n, STEPS), int)
    for i in range(n):
        s = rng.randint(STATES)
        for t in range(STEPS):
            s = rng.choice(STATES, p=trans[s] / trans[s].sum())
            ys[i, t], xs[i, t] = s, rng.choice(SYMBOLS, p=emit[s])
    return torch.from_numpy(xs), torch.from_numpy(ys)


class Tagger(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.emb = nn.Embedding(SYMBOLS, 12)
        self.lstm = nn.LSTM(12, hidden, batch_first=True, bidirectional=True)
        self.out = nn.Linear(2 * hidden, STATES)

    def forward(self, tokens):
        h, _ = self.lstm(self.emb(tokens))
        return F.log_softmax(self.out(h), dim=1)


def accuracy(model, x, y):
    model.eval()
    with torch.no_grad():
        return (model(x).argmax(-1) == y).float().mean().item()


train_x, train_y = simulate(700)
test_x, test_y = simulate(200)
model = Tagger(args.hidden)
optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
criterion = nn.NLLLoss()

for epoch in range(1, args.epochs + 1):
    model.train()
    order = torch.randperm(len(train_x))
    losses = []
    for i in range(0, len(order), 50):
        idx = order[i:i + 50]
        logp = model(train_x[idx])
        loss = criterion(logp.reshape(-1, STATES), train_y[idx].reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    print("epoch %d loss %.4f test tag accuracy %.4f" % (epoch, np.mean(losses), accuracy(model, test_x, test_y)))
