import collections
import torch
import torch.nn as nn


def turnstile_events(n, seed):
    """Endless feed of gate events: eight readings and which of four ticket kinds was shown."""
    g = torch.Generator().manual_seed(seed)
    centre = torch.randn(4, 2, 8, generator=torch.Generator().manual_seed(700)) * 1.3
    for _ in range(n):
        kind = torch.randint(0, 4, (1,), generator=g).item()
        mode = torch.randint(0, 2, (1,), generator=g).item()
        yield (centre[kind, mode] + torch.randn(8, generator=g)) / 1.6, kind


def chunks(stream, size):
    buf = []
    for event in stream:
        buf.append(event)
        if len(buf) == size:
            yield torch.stack([e[0] for e in buf]), torch.tensor([e[1] for e in buf])
            buf = []


class OnlineLearner:
    """Test-then-train: every chunk is scored before the model has seen it, then used once."""

    def __init__(self, lr=0.15, window=250):
        self.model = nn.Sequential(nn.Linear(8, 40), nn.ReLU(), nn.Linear(40, 4))
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=lr)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, lambda t: (1 + t / 600) ** -0.7)
        self.recent = collections.deque(maxlen=window)
        self.losses = collections.deque(maxlen=window)

    def observe(self, x, y):
        logits = self.model(x)
        self.recent.append((logits.argmax(1) == y).float().mean().item())
        loss = nn.functional.cross_entropy(logits, y)
        self.losses.append(loss.item())
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.schedule.step()

    @property
    def accuracy(self):
        return sum(self.recent) / len(self.recent)

    @property
    def loss(self):
        return sum(self.losses) / len(self.losses)


torch.manual_seed(13)
learner = OnlineLearner()
for t, (x, y) in enumerate(chunks(turnstile_events(48000, seed=9), 16), start=1):
    learner.observe(x, y)
    if t % 250 == 0:
        print(f"chunk {t}: loss over the window {learner.loss:.4f}, accuracy {learner.accuracy:.4f}, rate {learner.schedule.get_last_lr()[0]:.4f}")
print(f"prequential accuracy (last window): {learner.accuracy:.4f}")
