"""Toll transponders used by someone else: 6 % of the passages. Random Fourier features (never trained), a small
network on top, bfloat16 autocast with a GradScaler, accumulation, clipping, and averaged weights for the scoring."""
import copy
import math
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, RandomSampler

EPOCHS, MICRO, ACCUMULATE, RATE = 8, 250, 2, 8e-3


class Passages(Dataset):
    """Lives in numpy; becomes tensors in the collate function."""

    def __init__(self, n, seed):
        rng = np.random.default_rng(seed)
        self.x = rng.normal(size=(n, 6))
        odd = 1.2 * np.sin(self.x[:, 0]) * self.x[:, 1] + 0.8 * self.x[:, 2] ** 2 - 1.2 * np.tanh(2 * self.x[:, 3]) + self.x[:, 4]
        chance = 1 / (1 + np.exp(-(1.6 * odd - 6.8)))
        self.y, self.chance = (rng.random(n) < chance), chance

    def __len__(self):
        return len(self.y)

    def __getitem__(self, k):
        return self.x[k], self.y[k]


def collate(items):
    x, y = zip(*items)
    return torch.as_tensor(np.array(x), dtype=torch.float32), torch.as_tensor(np.array(y), dtype=torch.float32)


class Fourier(nn.Module):
    def __init__(self, inputs, waves, width):
        super().__init__()
        self.waves = nn.Linear(inputs, waves)
        nn.init.normal_(self.waves.weight, std=0.3)
        nn.init.uniform_(self.waves.bias, 0, 2 * math.pi)
        self.waves.requires_grad_(False)
        self.top = nn.Sequential(nn.Linear(waves, width), nn.GELU(), nn.Linear(width, 1))
        nn.init.constant_(self.top[2].bias, -3.4)

    def forward(self, x):
        return self.top(math.sqrt(2) * torch.cos(self.waves(x))).squeeze(1).float()


def auc(score, label):
    ranks = np.empty(len(score))
    ranks[np.argsort(score)] = np.arange(1, len(score) + 1)
    pos = label.sum()
    return (ranks[label].sum() - pos * (pos + 1) / 2) / (pos * (len(label) - pos))


def main():
    torch.manual_seed(23)
    data, val = Passages(40000, 1), Passages(12000, 2)
    loader = DataLoader(data, batch_size=MICRO, sampler=RandomSampler(data), collate_fn=collate, drop_last=True)
    net = Fourier(6, 128, 64)
    average = copy.deepcopy(net).requires_grad_(False).eval()
    trained = [p for p in net.parameters() if p.requires_grad]
    opt = torch.optim.AdamW(trained, lr=RATE, weight_decay=1e-3)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0 ** 12)
    updates = EPOCHS * len(loader) // ACCUMULATE
    plan = torch.optim.lr_scheduler.OneCycleLR(opt, RATE, total_steps=updates, pct_start=0.2)
    xv = torch.as_tensor(val.x, dtype=torch.float32)
    print(f"{data.y.mean():.2%} misuse; best possible AUC on the validation passages {auc(val.chance, val.y):.4f}")
    for epoch in range(EPOCHS):
        total = 0.0
        for k, (x, y) in enumerate(loader, 1):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                logit = net(x)
            loss = nn.functional.binary_cross_entropy_with_logits(logit, y)
            scaler.scale(loss / ACCUMULATE).backward()
            total += loss.item()
            if k % ACCUMULATE:
                continue
            scaler.unscale_(opt)
            nn.utils.clip_grad_norm_(trained, 1.0)
            scaler.step(opt)
            scaler.update()
            opt.zero_grad()
            plan.step()
            with torch.no_grad():
                for a, p in zip(average.parameters(), net.parameters()):
                    a.lerp_(p, 0.05)
        with torch.no_grad():
            score = average(xv)
        bce = nn.functional.binary_cross_entropy_with_logits(score, torch.as_tensor(val.y).float())
        print(f"epoch {epoch + 1:2d} train bce {total / len(loader):.4f} val bce {bce:.4f} val AUC {auc(score.numpy(), val.y):.4f}")
    print(f"AUC of the averaged weights = {auc(score.numpy(), val.y):.4f}")


main()
