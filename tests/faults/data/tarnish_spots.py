"""
Find tarnish on silver plates: one grey 24x24 photo per plate, one logit per pixel.
The restorer would rather look at ten clean spots than miss a tarnished one, so what
counts is the mean of sensitivity and specificity over pixels.
"""
import torch
import torch.nn as nn
import torch.nn.functional as F

SIZE = 24


def plates(n, gen):
    clean = torch.zeros(n, 1, SIZE, SIZE)
    mask = torch.zeros(n, 1, SIZE, SIZE)
    for i in range(n):
        for _ in range(int(torch.randint(0, 3, (1,), generator=gen))):
            r, c = torch.randint(1, SIZE - 4, (2,), generator=gen).tolist()
            mask[i, 0, r:r + 3, c:c + 3] = 1
    ramp = torch.linspace(-1, 1, SIZE)
    tilt = torch.randn(n, 2, generator=gen) * 0.3
    light = tilt[:, 0, None, None] * ramp[:, None] + tilt[:, 1, None, None] * ramp[None, :]
    img = clean + light[:, None] - 0.62 * mask + 0.9 * torch.randn(n, 1, SIZE, SIZE, generator=gen)
    return img, mask


class SpotNet(nn.Module):
    def __init__(self, ch=12):
        super().__init__()
        self.c1 = nn.Conv2d(1, ch, 5, padding=2)
        self.c2 = nn.Conv2d(ch, ch, 5, padding=2)
        self.out = nn.Conv2d(ch, 1, 1)

    def forward(self, x):
        x = F.leaky_relu(self.c1(x), 0.1)
        x = F.leaky_relu(self.c2(x), 0.1)
        return self.out(x)


class Trainer:
    def __init__(self, net, share):
        self.net = net
        self.share = share
        self.opt = torch.optim.Adam(net.parameters(), lr=6e-3)
        self.loss_fn = nn.BCEWithLogitsLoss()

    def epoch(self, img, mask, lr):
        for g in self.opt.param_groups:
            g["lr"] = lr
        losses = []
        for idx in torch.randperm(len(img)).split(24):
            self.opt.zero_grad()
            loss = self.loss_fn(self.net(img[idx]), mask[idx])
            loss.backward()
            self.opt.step()
            losses.append(loss.detach())
        return torch.stack(losses).mean().item()

    @torch.no_grad()
    def rates(self, img, mask):
        hit = self.net(img) > 0
        sens = (hit & (mask == 1)).sum() / (mask == 1).sum()
        spec = (~hit & (mask == 0)).sum() / (mask == 0).sum()
        return sens.item(), spec.item()


def main():
    torch.manual_seed(12)
    gen = torch.Generator().manual_seed(12)
    img, mask = plates(840, gen)
    img = (img - img[:600].mean()) / img[:600].std()
    share = mask[:600].mean().item()
    print(f"tarnished pixels: {100 * share:.2f} %")
    trainer = Trainer(SpotNet(), share)
    n_epochs = 14
    for e in range(n_epochs):
        lr = 6e-3 * (1 - e / n_epochs)
        loss = trainer.epoch(img[:600], mask[:600], lr)
        sens, spec = trainer.rates(img[600:], mask[600:])
        print(f"epoch {e:2d}: bce {loss:.4f}, sensitivity {sens:.3f}, specificity {spec:.3f}")
    print(f"balanced accuracy = {(sens + spec) / 2:.4f}")


main()
