import argparse

import torch
import torch.nn as nn
import torch.nn.functional as F

STATES = ("off", "standby", "heating", "spin")


def make_traces(n, steps, generator):
    """Power meter traces; every household has its own gain, states follow a Markov chain."""
    stay = 0.9
    levels = torch.tensor([0.0, 0.35, 1.6, 0.9])
    state = torch.randint(0, 4, (n,), generator=generator)
    labels = torch.empty(n, steps, dtype=torch.long)
    for t in range(steps):
        jump = torch.rand(n, generator=generator) > stay
        state = torch.where(jump, torch.randint(0, 4, (n,), generator=generator), state)
        labels[:, t] = state
    gain = 0.7 + 0.6 * torch.rand(n, 1, generator=generator)
    watts = gain * levels[labels] + 0.22 * torch.randn(n, steps, generator=generator)
    ripple = 0.3 * torch.randn(n, steps, generator=generator) * (labels == 3)
    watts = watts + ripple
    return ((watts - 0.7) / 0.65).unsqueeze(-1), labels


class StateTagger(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.rnn = nn.GRU(1, hidden, batch_first=True, bidirectional=True)
        self.out = nn.Linear(2 * hidden, len(STATES))

    def forward(self, x):
        h, _ = self.rnn(x)
        return F.log_softmax(self.out(h), dim=1)


def accuracy(model, x, y):
    model.eval()
    with torch.no_grad():
        pred = model(x).argmax(-1)
    return (pred == y).float().mean().item()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch", type=int, default=40)
    parser.add_argument("--lr", type=float, default=1e-2)
    args = parser.parse_args()

    torch.manual_seed(11)
    g = torch.Generator().manual_seed(11)
    x_train, y_train = make_traces(900, 40, g)
    x_test, y_test = make_traces(300, 40, g)

    model = StateTagger()
    opt = torch.optim.Adam(model.parameters(), lr=args.lr)
    for epoch in range(args.epochs):
        model.train()
        order = torch.randperm(len(x_train))
        total = 0.0
        for i in range(0, len(order), args.batch):
            idx = order[i:i + args.batch]
            logp = model(x_train[idx])
            loss = F.nll_loss(logp.reshape(-1, len(STATES)), y_train[idx].reshape(-1))
            opt.zero_grad()
            loss.backward()
            opt.step()
            total += loss.item() * len(idx)
        print(f"[{epoch + 1:02d}] loss={total / len(order):.4f} frame_acc={accuracy(model, x_test, y_test):.4f}")
    print("test frame accuracy: %.4f" % accuracy(model, x_test, y_test))


if __name__ == "__main__":
    main()
