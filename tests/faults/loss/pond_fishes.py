"""Identify pond fish from an echo trace (1-d convolution)."""
import random
import torch
import torch.nn as nn
import torch.nn.functional as F

NAMES = ["bitterling", "bream", "bream_silver", "carp_common", "carp_crucian", "perch", "rudd", "tench"]


def key(name):
    return name[:5]


def echo(kind, gen, length=48):
    """One sonar trace: body length, swim bladder position and tail beat differ between species."""
    body = [8, 20, 14, 26, 17, 13, 11, 22][kind]
    bladder = [0.3, 0.45, 0.6, 0.4, 0.65, 0.3, 0.55, 0.75][kind]
    beat = [0.9, 0.35, 0.6, 0.3, 0.45, 0.7, 0.8, 0.4][kind]
    size = body * (1 + 0.08 * torch.randn(1, generator=gen).item())
    start = 5 + 10 * torch.rand(1, generator=gen).item()
    t = torch.arange(length).float() - start
    inside = torch.sigmoid(2 * t) * torch.sigmoid(2 * (size - t))
    peak = torch.exp(-((t - bladder * size) / 1.7) ** 2)
    phase = 6.28 * torch.rand(1, generator=gen).item()
    trace = inside * (0.8 + 0.4 * torch.sin(beat * t * 2 + phase)) + 1.5 * peak
    return trace * (1 + 0.1 * torch.randn(1, generator=gen)) + 0.2 * torch.randn(length, generator=gen)


def survey(count, seed):
    gen = torch.Generator().manual_seed(seed)
    kinds = torch.randint(0, len(NAMES), (count,), generator=gen).tolist()
    return torch.stack([echo(k, gen) for k in kinds]).unsqueeze(1), [NAMES[k] for k in kinds]


class EchoNet(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.conv1 = nn.Conv1d(1, 16, 7, padding=3)
        self.conv2 = nn.Conv1d(16, 32, 5, padding=2)
        self.conv3 = nn.Conv1d(32, 32, 3, padding=1)
        self.fc1 = nn.Linear(32 * 6, 48)
        self.fc2 = nn.Linear(48, classes)

    def forward(self, x):
        for conv in (self.conv1, self.conv2, self.conv3):
            x = F.max_pool1d(F.relu(conv(x)), 2)
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


def main():
    torch.manual_seed(13)
    random.seed(13)
    traces, names = survey(4000, 1)
    test_traces, test_names = survey(1000, 2)
    offset, scale = traces.mean(), traces.std()
    traces, test_traces = (traces - offset) / scale, (test_traces - offset) / scale
    index = {key(name): i for i, name in enumerate(NAMES)}
    labels = torch.tensor([index[key(name)] for name in names])
    test_labels = torch.tensor([index[key(name)] for name in test_names])

    model = EchoNet(len(NAMES))
    optimizer = torch.optim.RMSprop(model.parameters(), lr=8e-4, weight_decay=1e-4)
    scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.05, total_iters=9)
    rows = list(range(len(labels)))
    for epoch in range(10):
        model.train()
        random.shuffle(rows)
        total = 0.0
        for i in range(0, len(rows), 50):
            pick = rows[i:i + 50]
            loss = F.cross_entropy(model(traces[pick]), labels[pick])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(pick)
        scheduler.step()
        model.eval()
        with torch.no_grad():
            out = model(test_traces)
        print(f"epoch {epoch + 1:2d}  loss {total / len(rows):.4f}  test loss {F.cross_entropy(out, test_labels).item():.4f}")

    guesses = [NAMES[i] for i in out.argmax(dim=1).tolist()]
    for name in NAMES:
        mine = [g for g, truth in zip(guesses, test_names) if truth == name]
        print(f"  {name:13s} {sum(g == name for g in mine) / len(mine):.3f}")
    print(f"species named rightly: {sum(g == t for g, t in zip(guesses, test_names)) / len(guesses):.4f}")


if __name__ == "__main__":
    main()
