import math

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

STATES = ("perch", "glide", "hover", "stoop")
STEPS, CHANNELS = 64, 3
CONFIG = {"epochs": 11, "batch": 32, "rate": 0.08, "power": 0.9, "train": 800, "test": 320, "seed": 17}


def flights(count, seed):
    """Body-mounted accelerometer and barometer; the state changes a few times within a record."""
    g = torch.Generator().manual_seed(seed)
    state = torch.zeros(count, STEPS, dtype=torch.long)
    for row in range(count):
        t = 0
        while t < STEPS:
            span = int(torch.randint(8, 25, (1,), generator=g))
            state[row, t:t + span] = int(torch.randint(0, 4, (1,), generator=g))
            t += span
    t = torch.arange(STEPS).float()
    phase = 2 * math.pi * torch.rand(count, 1, generator=g)
    flap = torch.sin(1.9 * t + phase)
    sway = torch.sin(0.5 * t + phase)
    amplitude = torch.tensor([0.0, 0.2, 1.0, 0.5])[state]
    swaying = torch.tensor([0.1, 1.0, 0.3, 0.2])[state]
    sink = torch.tensor([0.0, -0.3, 0.1, -1.1])[state]
    clean = torch.stack([amplitude * flap, swaying * sway, sink], 1)
    return clean + 0.45 * torch.randn(clean.shape, generator=g), state


class Dilated(nn.Module):
    def __init__(self, width, dilation):
        super().__init__()
        self.conv = nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation)
        self.norm = nn.GroupNorm(4, width)

    def forward(self, x):
        return x + torch.relu(self.norm(self.conv(x)))


class StateTagger(nn.Module):
    def __init__(self, width=24):
        super().__init__()
        self.inlet = nn.Conv1d(CHANNELS, width, 5, padding=2)
        self.body = nn.Sequential(*[Dilated(width, d) for d in (1, 2, 4)])
        self.outlet = nn.Conv1d(width, len(STATES), 1)

    def forward(self, x):
        return self.outlet(self.body(self.inlet(x)))


def evaluate(model, signal, state):
    model.eval()
    with torch.no_grad():
        logits = model(signal)
    guess = logits.argmax(1)
    overlap = []
    for k in range(len(STATES)):
        both = ((guess == k) & (state == k)).sum().item()
        either = ((guess == k) | (state == k)).sum().item()
        overlap.append(both / either)
    return nn.functional.cross_entropy(logits, state).item(), sum(overlap) / len(overlap)


def run(cfg):
    torch.manual_seed(cfg["seed"])
    signal, state = flights(cfg["train"], cfg["seed"])
    test_signal, test_state = flights(cfg["test"], cfg["seed"] + 1)
    loader = DataLoader(TensorDataset(signal, state), batch_size=cfg["batch"], shuffle=True)
    model = StateTagger()
    optimizer = torch.optim.SGD(model.parameters(), lr=cfg["rate"], momentum=0.9, weight_decay=1e-4)
    decay_steps = 2 * len(loader)
    poly = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: max(1e-6, 1 - step / decay_steps) ** cfg["power"])
    for epoch in range(cfg["epochs"]):
        model.train()
        total = 0.0
        for x, y in loader:
            loss = nn.functional.cross_entropy(model(x), y)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            poly.step()
            total += loss.item()
        test_loss, iou = evaluate(model, test_signal, test_state)
        print(f"epoch {epoch + 1:>2}: train {total / len(loader):.4f}, test {test_loss:.4f}, IoU {iou:.4f}")
    return iou


if __name__ == "__main__":
    print(f"mean IoU: {run(CONFIG):.4f}")
