"""Compress motion-capture postures (45 joint coordinates) to 6 numbers for an animation studio's search.

A plain stacked autoencoder; the studio stores the codes and redraws postures from them.
"""
import argparse
import itertools

import torch
from torch import nn


def skeletons(n, generator):
    """15 joints in 3-D: a chain of bones whose bends follow six hidden muscle settings."""
    z = torch.rand(n, 6, generator=generator) * 2 - 1
    bones = torch.Generator().manual_seed(4)
    yaw_w, pitch_w = torch.randn(6, 15, generator=bones), torch.randn(6, 15, generator=bones)
    yaw = torch.cumsum(0.22 * (z @ yaw_w), 1)
    pitch = torch.cumsum(0.15 * (z @ pitch_w), 1)
    step = torch.stack([torch.cos(pitch) * torch.cos(yaw), torch.cos(pitch) * torch.sin(yaw), torch.sin(pitch)], -1)
    joints = torch.cumsum(step, 1)
    return joints.flatten(1) + 0.03 * torch.randn(n, 45, generator=generator)


def stack(sizes, act):
    layers = []
    for a, b in itertools.pairwise(sizes):
        layers += [nn.Linear(a, b), act()]
    return nn.Sequential(*layers[:-1])


class Autoencoder(nn.Module):
    def __init__(self, width, code, act):
        super().__init__()
        self.encode = stack([45, width, width, width, code], act)
        self.decode = stack([code, width, width, width, 45], act)

    def forward(self, pose):
        return self.decode(self.encode(pose))


def explained(net, poses):
    with torch.no_grad():
        rest = (net(poses) - poses).square().sum()
    return (1 - rest / (poses - poses.mean(0)).square().sum()).item()


def run(opts):
    torch.manual_seed(opts.seed)
    gen = torch.Generator().manual_seed(opts.seed)
    poses = skeletons(7000, gen)
    fit, hold = poses[:6000], poses[6000:]
    mean, std = fit.mean(0), fit.std(0).clamp(min=0.05)
    fit, hold = (fit - mean) / std, (hold - mean) / std
    net = Autoencoder(opts.width, code=6, act=nn.Sigmoid)
    optimizer = torch.optim.Adam(net.parameters(), lr=opts.lr)
    anneal = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, opts.steps, eta_min=opts.lr / 100)
    recent = 0.0
    for step in range(1, opts.steps + 1):
        pose = fit[torch.randint(len(fit), (opts.batch,), generator=gen)]
        loss = nn.functional.mse_loss(net(pose), pose)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        anneal.step()
        recent += loss.item()
        if step % opts.every == 0:
            print(f"{step:>6} steps   mse {recent / opts.every:.4f}   explained variance: fit {explained(net, fit):.3f} / hold {explained(net, hold):.3f}")
            recent = 0.0
    print(f"explained variance of unseen postures: {explained(net, hold):.4f}")


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--width", type=int, default=96)
    p.add_argument("--batch", type=int, default=64)
    p.add_argument("--steps", type=int, default=1800)
    p.add_argument("--every", type=int, default=200)
    p.add_argument("--lr", type=float, default=2e-3)
    p.add_argument("--seed", type=int, default=9)
    run(p.parse_args())
