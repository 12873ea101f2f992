"""Cleaning up VHF voice from trawlers: a dilated residual net predicts the noise, which is taken off the waveform."""
import math
import time

import torch
from torch import nn


def voice(n, length, gen):
    """Voiced bursts: a gliding fundamental with harmonics under a slow envelope."""
    t = torch.arange(length) / 8000
    f0 = 110 + 130 * torch.rand(n, 1, generator=gen)
    glide = 1 + 0.15 * torch.sin(2 * math.pi * (6 * t + torch.rand(n, 1, generator=gen)))
    phase = 2 * math.pi * torch.cumsum(f0 * glide / 8000, 1)
    out = 0
    for k in range(1, 7):
        out = out + torch.randn(n, 1, generator=gen) / k * torch.sin(k * phase + 6.28 * torch.rand(n, 1, generator=gen))
    gate = torch.sigmoid(8 * torch.sin(2 * math.pi * (12 * t + torch.rand(n, 1, generator=gen))))
    out = out * gate
    return out / out.std(1, keepdim=True)


def channel(clean, gen):
    """hiss, a mains-like whine and ignition crackle"""
    n, length = clean.shape
    t = torch.arange(length) / 8000
    hiss = 0.5 * torch.randn(clean.shape, generator=gen)
    whine = 0.6 * torch.sin(2 * math.pi * (1900 + 60 * torch.rand(n, 1, generator=gen)) * t)
    crackle = 3.0 * torch.randn(clean.shape, generator=gen) * (torch.rand(clean.shape, generator=gen) < 0.03)
    return clean + hiss + whine + crackle


class Denoiser(nn.Module):
    def __init__(self, width=24, dilations=(1, 2, 4, 8)):
        super().__init__()
        self.enter = nn.Conv1d(1, width, 1)
        self.bank = {f"d{d}": nn.Sequential(nn.Conv1d(width, width, 5, dilation=d, padding=2 * d), nn.PReLU(width),
                                            nn.Conv1d(width, width, 1)) for d in dilations}
        self.leave = nn.Sequential(nn.PReLU(width), nn.Conv1d(width, 1, 1))

    def forward(self, noisy):
        h = self.enter(noisy.unsqueeze(1))
        for stage in self.bank.values():
            h = h + stage(h)
        return noisy - self.leave(h).squeeze(1)


def snr(clean, guess):
    return 10 * torch.log10(clean.pow(2).sum(1) / (clean - guess).pow(2).sum(1)).mean().item()


def main():
    torch.manual_seed(2)
    gen = torch.Generator().manual_seed(2)
    length = 320
    speech, unseen = voice(1200, length, gen), voice(100, length, gen)
    noisy_unseen = channel(unseen, gen)
    net = Denoiser()
    print(f"untreated: {snr(unseen, noisy_unseen):.2f} dB")
    opt = torch.optim.RAdam(net.parameters(), lr=6e-3)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 240)
    began, run = time.time(), 0.0
    for it in range(240):
        clean = speech[torch.randint(len(speech), (16,), generator=gen)]
        guess = net(channel(clean, gen))
        loss = (guess - clean).pow(2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
        run += loss.item()
        if it % 30 == 29:
            with torch.no_grad():
                db = snr(unseen, net(noisy_unseen))
            print(f"iter {it + 1:4d}  mse {run / 30:.4f}  unseen {db:.2f} dB  [{time.time() - began:.0f} s]", flush=True)
            run = 0.0
    print(f"unseen speech at {db:.3f} dB")


if __name__ == "__main__":
    main()
