from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
import torch
from torch import nn


class Inpainter(nn.Module):
    """Fills a missing 3x3 square of an 8x8 scan."""

    def __init__(self, ch=16):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(2, ch, 3, padding=1), nn.ReLU(),
                                  nn.Conv2d(ch, 2 * ch, 3, stride=2, padding=1), nn.ReLU(),
                                  nn.Conv2d(2 * ch, 2 * ch, 3, padding=1), nn.ReLU())
        self.up = nn.Sequential(nn.ConvTranspose2d(2 * ch, ch, 4, stride=2, padding=1), nn.ReLU(),
                                nn.Conv2d(ch, 1, 3, padding=1))

    def forward(self, image, mask):
        z = torch.cat([image * mask, mask], dim=1)
        return self.up(self.down(z))


class Batches:
    def __init__(self, images, size, seed):
        self.images, self.size, self.seed = images, size, seed

    def draw(self):
        gen = torch.Generator().manual_seed(self.seed)
        rows = torch.randperm(len(self.images), generator=gen)[: self.size]
        clean = self.images[rows]
        return clean, holes(len(clean), gen)


def holes(n, gen):
    mask = torch.ones(n, 1, 8, 8)
    top = torch.randint(0, 6, (n, 2), generator=gen)
    for i, (r, c) in enumerate(top.tolist()):
        mask[i, 0, r:r + 3, c:c + 3] = 0
    return mask


def hole_mse(pred, clean, mask):
    gap = 1 - mask
    return ((pred - clean) ** 2 * gap).sum() / gap.sum()


def main():
    torch.manual_seed(0)
    x = torch.tensor(load_digits().images, dtype=torch.float32).unsqueeze(1)
    x_train, x_test = train_test_split(x, test_size=0.25, random_state=0)
    mean, std = x_train.mean(), x_train.std()
    x_train, x_test = (x_train - mean) / std, (x_test - mean) / std
    test_mask = holes(len(x_test), torch.Generator().manual_seed(99))

    batches = Batches(x_train, size=96, seed=7)
    net = Inpainter()
    opt = torch.optim.Adam(net.parameters(), lr=6e-3)
    steps = 700
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, steps)
    for step in range(steps):
        clean, mask = batches.draw()
        loss = hole_mse(net(clean, mask), clean, mask)
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
        if (step + 1) % 100 == 0:
            print("step", step + 1, "loss", round(loss.item(), 4))

    net.eval()
    with torch.no_grad():
        score = hole_mse(net(x_test, test_mask), x_test, test_mask)
    print("test hole MSE: %.4f" % score.item())


main()
