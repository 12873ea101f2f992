"""Two noisy exposures of every star field: a small network learns to predict one from the other (no clean images)."""
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset


def fields(n, size=16, seed=0):
    g = torch.Generator().manual_seed(seed)
    grid = torch.arange(size).float()
    sky = torch.zeros(n, size, size)
    for _ in range(4):
        cx, cy = torch.rand(2, n, 1, generator=g) * (size - 4) + 2
        width = 1.0 + torch.rand(n, 1, generator=g)
        flux = 0.5 + 1.5 * torch.rand(n, 1, 1, generator=g)
        bx = torch.exp(-((grid - cx) / width) ** 2)
        by = torch.exp(-((grid - cy) / width) ** 2)
        sky += flux * by.unsqueeze(2) * bx.unsqueeze(1)
    return ((sky - sky.mean()) / sky.std()).unsqueeze(1)


class Exposures(Dataset):
    def __init__(self, n, noise, seed):
        self.clean = fields(n, seed=seed)
        g = torch.Generator().manual_seed(seed + 100)
        self.first = self.clean + noise * torch.randn(self.clean.shape, generator=g)
        self.second = self.clean + noise * torch.randn(self.clean.shape, generator=g)

    def __len__(self):
        return len(self.clean)

    def __getitem__(self, i):
        return self.first[i], self.second[i]


class Denoiser(nn.Module):
    def __init__(self, ch=16):
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(1, ch, 3, padding=1), nn.LeakyReLU(0.1),
                                 nn.Conv2d(ch, ch, 3, padding=1), nn.LeakyReLU(0.1),
                                 nn.Conv2d(ch, ch, 3, padding=1), nn.LeakyReLU(0.1), nn.Conv2d(ch, 1, 3, padding=1))

    def forward(self, x):
        return self.net(x)


def main():
    torch.manual_seed(30)
    train = Exposures(1200, noise=1.0, seed=1)
    test = Exposures(300, noise=1.0, seed=2)
    loader = DataLoader(train, batch_size=24, shuffle=True)
    model, loss_fn = Denoiser(), nn.MSELoss()
    opt = torch.optim.Adam(model.parameters(), lr=4e-3)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 8)
    print(f"before: mse of the raw exposure {loss_fn(test.first, test.clean).item():.4f}")
    for epoch in range(8):
        model.train()
        total = 0.0
        for first, second in loader:
            if torch.rand(()) < 0.5:
                first, second = second, first
            opt.zero_grad()
            loss = loss_fn(model(first), second)
            loss.backward()
            opt.step()
            total += loss.item() * len(first)
        sched.step()
        model.eval()
        with torch.no_grad():
            out = model(test.first)
        print(f"epoch {epoch + 1} train {total / len(train):.4f} test pair {loss_fn(out, test.second).item():.4f} "
              f"to clean {loss_fn(out, test.clean).item():.4f}")
    print(f"after: mse to the clean field {loss_fn(out, test.clean).item():.4f}")


if __name__ == "__main__":
    main()
