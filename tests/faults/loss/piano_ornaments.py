"""Baroque keyboard pieces: on which notes does the player put an ornament, and which one? A tag for every note."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

SEED = 5
rng = np.random.default_rng(SEED)
torch.manual_seed(SEED)

ORNAMENTS = ["none", "trill", "mordent", "turn", "appoggiatura"]
NOTES, FEATURES = 16, 6


def pieces(n):
    """interval, length, beat, two harmonies and loudness of every note; the habit looks at the neighbours as well"""
    x = rng.normal(size=(n, NOTES, FEATURES))
    padded = np.pad(x, ((0, 0), (1, 1), (0, 0)))
    context = np.concatenate([padded[:, :-2], padded[:, 1:-1], padded[:, 2:]], axis=2)
    habit = np.random.default_rng(1723).normal(size=(3 * FEATURES, len(ORNAMENTS)))
    wish = context @ habit * 0.9 + np.array([4.0, 1.0, 0.0, -0.5, -1.0])
    wish += 0.45 * rng.gumbel(size=wish.shape)           # the player's mood
    return torch.tensor(x, dtype=torch.float32), torch.tensor(wish.argmax(2))


class OrnamentTagger(nn.Module):
    def __init__(self, channels=32):
        super().__init__()
        self.conv1 = nn.Conv1d(FEATURES, channels, 3, padding=1)
        self.conv2 = nn.Conv1d(channels, channels, 3, padding=1)
        self.out = nn.Conv1d(channels, len(ORNAMENTS), 1)

    def forward(self, notes):                            # (piece, note, feature)
        h = F.relu(self.conv1(notes.transpose(1, 2)))
        h = F.relu(self.conv2(h))
        return F.log_softmax(self.out(h), dim=-1)        # (piece, ornament, note)


def accuracy(net, data):
    net.eval()
    with torch.no_grad():
        guess = net(data[0]).argmax(1)
    return (guess == data[1]).float().mean().item()


def main():
    train, test = pieces(2400), pieces(500)
    shares = torch.bincount(train[1].flatten()) / train[1].numel()
    print({o: round(s, 3) for o, s in zip(ORNAMENTS, shares.tolist())})
    net = OrnamentTagger()
    opt = torch.optim.Adam(net.parameters(), lr=6e-3)
    epochs, bs = 12, 50
    sched = torch.optim.lr_scheduler.LinearLR(opt, 1.0, 0.05, total_iters=epochs)
    for epoch in range(epochs):
        net.train()
        order = torch.randperm(len(train[0]))
        running = 0.0
        for i in range(0, len(order), bs):
            pick = order[i:i + bs]
            loss = F.nll_loss(net(train[0][pick]), train[1][pick])
            opt.zero_grad()
            loss.backward()
            opt.step()
            running += loss.item() * len(pick)
        sched.step()
        print(f"[{epoch + 1:02d}] nll {running / len(order):.4f} train {accuracy(net, train):.4f} test {accuracy(net, test):.4f}")
    print("notes tagged right in unseen pieces:", round(accuracy(net, test), 4))


if __name__ == "__main__":
    main()
