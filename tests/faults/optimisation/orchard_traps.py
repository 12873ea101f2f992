"""Moths per trap and week in 300 orchards, for the spraying calendar.
Counts -> Poisson deviance. The body is checkpointed: the same file runs on a small board with little memory."""
import argparse
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint
from torch.utils.data import DataLoader, TensorDataset


def parse():
    ap = argparse.ArgumentParser()
    ap.add_argument("--width", type=int, default=40)
    ap.add_argument("--blocks", type=int, default=3)
    ap.add_argument("--epochs", type=int, default=22)
    ap.add_argument("--lr", type=float, default=3e-3)
    ap.add_argument("--save-memory", type=int, default=1)
    return ap.parse_args()


def season(n, gen):
    week = torch.rand(n, generator=gen) * 2 - 1
    heat = torch.randn(n, generator=gen)
    rain = torch.randn(n, generator=gen)
    sprayed = (torch.rand(n, generator=gen) < 0.4).float()
    age = torch.rand(n, generator=gen) * 2 - 1
    lure = torch.randn(n, 3, generator=gen)
    flight = torch.exp(-((week - 0.25 * heat + 0.4) / 0.25) ** 2) + 0.8 * torch.exp(-((week - 0.25 * heat - 0.5) / 0.2) ** 2)
    rate = 0.3 + 2.6 * flight - 0.9 * sprayed * flight - 0.35 * rain * flight + 0.5 * age * heat.tanh() + 0.3 * lure[:, 0] * lure[:, 1].sign()
    counts = torch.poisson(rate.clamp(max=4.0).exp() * 2, generator=gen)
    x = torch.stack([week * 1.7, heat, rain, sprayed * 2 - 1, age * 1.7], 1)
    return torch.cat([x, lure], 1), counts


def deviance(log_rate, counts):
    return 2 * (torch.xlogy(counts, counts) - counts * log_rate - counts + log_rate.exp()).mean()


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, h):
        return h + self.down(torch.nn.functional.gelu(self.up(self.norm(h))))


class TrapModel(nn.Module):
    def __init__(self, inputs, width, blocks, save_memory):
        super().__init__()
        self.save_memory = save_memory
        self.body = nn.Sequential(nn.Linear(inputs, width), *[Block(width) for _ in range(blocks)])
        self.rate = nn.Linear(width, 1)

    def forward(self, x):
        if self.training and self.save_memory:
            h = checkpoint(self.body, x, use_reentrant=True)
        else:
            h = self.body(x)
        return self.rate(h).squeeze(1).clamp(-6, 6)


def main():
    args = parse()
    torch.manual_seed(1)
    gen = torch.Generator().manual_seed(77)
    x, counts = season(4800, gen)
    xv, cv = season(1500, gen)
    loader = DataLoader(TensorDataset(x, counts), batch_size=160, shuffle=True)
    model = TrapModel(x.shape[1], args.width, args.blocks, bool(args.save_memory))
    nn.init.constant_(model.rate.bias, counts.mean().log().item())
    opt = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=0.01)
    plan = torch.optim.lr_scheduler.OneCycleLR(opt, args.lr, epochs=args.epochs, steps_per_epoch=len(loader))
    null = deviance(counts.mean().log().expand(len(cv)), cv).item()
    for epoch in range(args.epochs):
        model.train()
        seen, dev = 0, 0.0
        for xb, cb in loader:
            opt.zero_grad()
            loss = deviance(model(xb), cb)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 50.0)
            opt.step()
            plan.step()
            dev += loss.item() * len(xb)
            seen += len(xb)
        model.eval()
        with torch.no_grad():
            held = deviance(model(xv), cv).item()
        if epoch % 3 == 0 or epoch + 1 == args.epochs:
            print(f"[{epoch:>2}] deviance {dev / seen:7.3f}  held out {held:7.3f}  D2 {1 - held / null:.3f}")
    print(f"held-out deviance explained: {1 - held / null:.4f}")


if __name__ == "__main__":
    main()
