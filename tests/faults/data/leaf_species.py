import argparse
import numpy as np
import pandas as pd
import torch
import torch.nn as nn
import torch.optim as optim


def get_args():
    p = argparse.ArgumentParser(description="species of a leaf from its shape descriptors")
    p.add_argument("--epochs", default=14, type=int)
    p.add_argument("--bs", default=32, type=int)
    p.add_argument("--lr", default=3e-3, type=float)
    p.add_argument("--hidden", default=40, type=int)
    return p.parse_args()


def load_leaves(n=2200, species=7, dims=14):
    """Columns: descriptors, `auto_species` (from the field app's guess), `species` (checked at the herbarium)."""
    r = np.random.default_rng(8)
    centres = r.normal(size=(species, dims))
    truth = r.integers(0, species, n)
    x = centres[truth] + 0.8 * r.normal(size=(n, dims))
    guess = truth.copy()
    off = r.random(n) < 0.55
    lookalike = np.array([1, 2, 3, 4, 5, 6, 0])
    guess[off] = np.where(r.random(off.sum()) < 0.6, lookalike[truth[off]], r.integers(0, species, off.sum()))
    frame = pd.DataFrame(x, columns=[f"d{i}" for i in range(dims)])
    frame["auto_species"], frame["species"] = guess, truth
    return frame


def main():
    args = get_args()
    torch.manual_seed(8)
    leaves = load_leaves()
    train, test = leaves.iloc[:1700], leaves.iloc[1700:]
    cols = [c for c in leaves.columns if c.startswith("d")]
    m, s = train[cols].mean(), train[cols].std()
    Xtr = torch.tensor(((train[cols] - m) / s).values).float()
    Xte = torch.tensor(((test[cols] - m) / s).values).float()
    ytr = torch.tensor(train["auto_species"].values)
    yte = torch.tensor(test["species"].values)

    net = nn.Sequential(nn.Linear(len(cols), args.hidden), nn.LeakyReLU(0.1), nn.Linear(args.hidden, 7))
    opt = optim.Adam(net.parameters(), lr=args.lr, weight_decay=1e-4)
    ce = nn.CrossEntropyLoss()
    for ep in range(args.epochs):
        net.train()
        tot = 0.0
        for b in torch.randperm(len(Xtr)).split(args.bs):
            opt.zero_grad()
            out = ce(net(Xtr[b]), ytr[b])
            out.backward()
            opt.step()
            tot += out.item() * len(b)
        net.eval()
        with torch.no_grad():
            acc = (net(Xte).argmax(1) == yte).float().mean()
        print(f"ep {ep + 1} loss {tot / len(Xtr):.3f} herbarium accuracy {acc:.4f}")


if __name__ == "__main__":
    main()
