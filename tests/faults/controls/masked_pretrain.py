"""Pre-trains an encoder by filling in hidden columns, then fine-tunes it on few labels."""
import argparse

import numpy as np
import torch
from torch import nn


def make_encoder(n_in, width):
    return nn.Sequential(nn.Linear(n_in, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())


def sample(n, rng):
    world = np.random.default_rng(55)
    mix, direction = world.normal(size=(4, 20)), world.normal(size=(4, 3))
    z = rng.normal(size=(n, 4))
    x = np.tanh(z @ mix) + 0.3 * rng.normal(size=(n, 20))
    label = (z @ direction / np.linalg.norm(direction, axis=0)).argmax(1)
    return torch.tensor(x / 0.85, dtype=torch.float32), torch.tensor(label)


def pretrain(encoder, x, epochs, lr):
    decoder = nn.Linear(32, x.shape[1])
    opt = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=lr)
    for epoch in range(epochs):
        total = 0.0
        for idx in torch.randperm(len(x)).split(64):
            hidden = torch.rand(len(idx), x.shape[1]) < 0.3
            guess = decoder(encoder(x[idx].masked_fill(hidden, 0.0)))
            loss = (guess - x[idx])[hidden].pow(2).mean()
            opt.zero_grad()
            loss.backward()
            opt.step()
            total += loss.item() * len(idx)
        print(f"pretrain {epoch + 1}: masked mse {total / len(x):.4f}")


def finetune(encoder, head, x, y, x_test, y_test, args):
    for p in encoder.parameters():
        p.requires_grad_(False)
    opt = torch.optim.Adam(head.parameters(), lr=1e-2)
    for epoch in range(args.head_epochs + args.full_epochs):
        if epoch == args.head_epochs:
            for p in encoder.parameters():
                p.requires_grad_(True)
            opt = torch.optim.Adam([{"params": encoder.parameters(), "lr": 2e-4}, {"params": head.parameters(), "lr": 1e-3}],
                                   weight_decay=1e-4)
        total = 0.0
        for idx in torch.randperm(len(x)).split(20):
            loss = nn.functional.cross_entropy(head(encoder(x[idx])), y[idx])
            opt.zero_grad()
            loss.backward()
            opt.step()
            total += loss.item() * len(idx)
        with torch.no_grad():
            out = head(encoder(x_test))
            test = nn.functional.cross_entropy(out, y_test).item()
            acc = (out.argmax(1) == y_test).float().mean().item()
        print(f"finetune {epoch + 1}: train {total / len(x):.4f} test {test:.4f} acc {acc:.4f}")
    return acc


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--pre-epochs", type=int, default=12)
    p.add_argument("--head-epochs", type=int, default=6)
    p.add_argument("--full-epochs", type=int, default=6)
    args = p.parse_args()
    torch.manual_seed(23)
    rng = np.random.default_rng(23)
    unlabelled, _ = sample(2500, rng)
    x, y = sample(400, rng)
    x_test, y_test = sample(600, rng)
    encoder, head = make_encoder(20, 32), nn.Linear(32, 3)
    pretrain(encoder, unlabelled, args.pre_epochs, lr=2e-3)
    print(f"test accuracy {finetune(encoder, head, x, y, x_test, y_test, args):.4f}")
