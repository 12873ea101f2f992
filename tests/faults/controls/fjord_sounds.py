import argparse
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


def hydrophone(n, seed, length=30):
    """Frames (3 bands) from a hydrophone: seal, whale, engine or ice, by how the energy moves between the bands."""
    r = np.random.default_rng(seed)
    kind = r.integers(0, 4, n)
    t = np.linspace(0, 1, length)
    x = r.normal(0, 0.7, (n, length, 3))
    for i, k in enumerate(kind):
        p, w = r.uniform(0.25, 0.75), r.uniform(0.08, 0.16)
        pulse = np.exp(-0.5 * ((t - p) / w) ** 2)
        late = np.exp(-0.5 * ((t - p - 0.2) / w) ** 2)
        if k == 0:
            x[i, :, 0] += 2 * pulse; x[i, :, 1] += 2 * late
        elif k == 1:
            x[i, :, 1] += 2 * pulse; x[i, :, 0] += 2 * late
        elif k == 2:
            x[i, :, 2] += 1.2 + 0.8 * np.sin(30 * t)
        else:
            x[i, :, 2] += 2.5 * pulse
    x = (x - x.mean((0, 1))) / x.std((0, 1))
    return TensorDataset(torch.tensor(x).float(), torch.tensor(kind))


class SoundNet(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.lstm = nn.LSTM(3, hidden, batch_first=True, bidirectional=True)
        self.head = nn.Linear(2 * hidden, 4)

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.head(out.mean(1))


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--micro-batch", type=int, default=16)
    ap.add_argument("--accumulate", type=int, default=4)
    ap.add_argument("--epochs", type=int, default=9)
    a = ap.parse_args()
    torch.manual_seed(23)
    train, test = hydrophone(2048, 5), hydrophone(600, 6)
    loader = DataLoader(train, batch_size=a.micro_batch, shuffle=True)
    net, ce = SoundNet(), nn.CrossEntropyLoss()
    opt = torch.optim.Adam(net.parameters(), lr=5e-3)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, a.epochs)
    opt.zero_grad()
    for epoch in range(a.epochs):
        net.train()
        total = 0.0
        for i, (x, y) in enumerate(loader, start=1):
            loss = ce(net(x), y)
            (loss / a.accumulate).backward()
            total += loss.item() / len(loader)
            if i % a.accumulate == 0:
                nn.utils.clip_grad_norm_(net.parameters(), 5.0)
                opt.step()
                opt.zero_grad()
        sched.step()
        net.eval()
        with torch.no_grad():
            xt, yt = test.tensors
            out = net(xt)
        print(f"epoch {epoch + 1}: train {total:.4f} test {ce(out, yt).item():.4f} acc {(out.argmax(1) == yt).float().mean().item():.4f}")
    print(f"accuracy on the test recordings: {(out.argmax(1) == yt).float().mean().item():.4f}")


if __name__ == "__main__":
    main()
