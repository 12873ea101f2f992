"""Farm sensors hear quail: six-channel clips, five kinds of call, depthwise 1-d convolutions."""
from dataclasses import dataclass
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


@dataclass
class Setup:
    kinds: int = 5
    channels: int = 6
    length: int = 40
    batch: int = 64
    epochs: int = 7
    lr: float = 3e-3
    seed: int = 12


def clips(setup, n, seed):
    g = torch.Generator().manual_seed(seed)
    kind = torch.randint(0, setup.kinds, (n,), generator=g)
    t = torch.arange(setup.length).float().view(1, 1, -1)
    rate = torch.tensor([0.35, 0.5, 0.7, 0.95, 1.3])[kind].view(-1, 1, 1)
    delay = (torch.arange(setup.channels).float() * 0.8).view(1, -1, 1)
    sweep = torch.tensor([0.0, 0.004, -0.004, 0.006, -0.01])[kind].view(-1, 1, 1)
    phase = 6.28 * torch.rand(n, 1, 1, generator=g)
    tone = torch.sin(rate * (t - delay) + sweep * t ** 2 + phase)
    envelope = torch.exp(-((t - 20 - 4 * torch.randn(n, 1, 1, generator=g)) / 12) ** 2)
    wave = tone * envelope + 0.9 * torch.randn(n, setup.channels, setup.length, generator=g)
    gain = torch.tensor([0.5, 1.0, 1.6, 4.0, 0.6, 1.2]).view(1, -1, 1)
    bias = torch.tensor([0.3, -0.5, 0.9, -2.4, 0.0, 0.6]).view(1, -1, 1)
    return wave * gain + bias, kind


class SeparableConv(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride):
        super().__init__()
        self.depth = nn.Conv1d(inputs, 2 * inputs, kernel, stride=stride, padding=kernel // 2, groups=inputs)
        self.point = nn.Conv1d(2 * inputs, outputs, 1)
        self.norm = nn.BatchNorm1d(outputs)

    def forward(self, x):
        return torch.relu(self.norm(self.point(self.depth(x))))


def network(setup):
    return nn.Sequential(
        SeparableConv(setup.channels, 24, 9, 1),
        SeparableConv(24, 32, 5, 2),
        SeparableConv(32, 32, 5, 2),
        nn.AdaptiveAvgPool1d(1), nn.Flatten(),
        nn.Linear(32, setup.kinds),
    )


def main(setup=Setup()):
    torch.manual_seed(setup.seed)
    x, y = clips(setup, 2500, 100)
    x_new, y_new = clips(setup, 1000, 200)

    mean = x.mean(dim=(0, 2), keepdim=True)
    std = x.std(dim=(0, 2), keepdim=True)
    x = (x - mean) / std
    x_new = (x_new - x_new.mean()) / x_new.std()

    loader = DataLoader(TensorDataset(x, y), batch_size=setup.batch, shuffle=True)
    model = network(setup)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=setup.lr)
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [4, 6], gamma=0.25)
    for epoch in range(setup.epochs):
        model.train()
        loss_sum = right = 0.0
        for xb, yb in loader:
            out = model(xb)
            loss = criterion(out, yb)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss_sum += loss.item() * len(yb)
            right += (out.argmax(1) == yb).sum().item()
        scheduler.step()
        model.eval()
        with torch.no_grad():
            out = model(x_new)
            new_loss = criterion(out, y_new).item()
            new_acc = (out.argmax(1) == y_new).float().mean().item()
        print(f"{epoch + 1}/{setup.epochs} train loss {loss_sum / len(y):.4f} acc {right / len(y):.3f}"
              f" - new farm loss {new_loss:.4f} acc {new_acc:.3f}")
    print(f"calls recognised on the new farm: {new_acc:.4f}")


main()
