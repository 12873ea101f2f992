"""Which catchment does a water sample come from?  Ion concentrations, one sample a row."""
import numpy as np
import pandas as pd
import torch
import torch.nn as nn

IONS = ["Ca", "Mg", "Na", "K", "Cl", "SO4", "HCO3", "NO3"]
CATCHMENTS = 6


def collect(n, seed):
    rng = np.random.default_rng(seed)
    site = rng.integers(0, CATCHMENTS, n)
    profile = np.random.default_rng(1234).normal(1.0, 0.75, (CATCHMENTS, len(IONS)))
    conc = np.exp(profile[site] + rng.normal(0, 0.55, (n, len(IONS))))
    return pd.DataFrame(conc, columns=IONS).assign(site=site)


class Preprocessor:
    def fit(self, df):
        logs = np.log1p(df[IONS])
        self.mean, self.std = logs.mean(), logs.std()
        return self

    def training_batch(self, df):
        z = (np.log1p(df[IONS]) - self.mean) / self.std
        return torch.tensor(z.values, dtype=torch.float32), torch.tensor(df["site"].values)

    def inference_batch(self, df):
        z = (df[IONS] - self.mean) / self.std
        return torch.tensor(z.values, dtype=torch.float32), torch.tensor(df["site"].values)


def train(model, X, y, epochs=25, lr=0.1, bs=40):
    opt = torch.optim.SGD(model.parameters(), lr=lr, weight_decay=1e-4)
    loss_fn = nn.CrossEntropyLoss()
    for ep in range(epochs):
        model.train()
        order, total = torch.randperm(len(X)), 0.0
        for k in range(0, len(X), bs):
            sel = order[k:k + bs]
            loss = loss_fn(model(X[sel]), y[sel])
            model.zero_grad()
            loss.backward()
            opt.step()
            total += loss.item() * len(sel)
        if ep % 5 == 4:
            print("epoch", ep + 1, "loss", round(total / len(X), 4))


def report(model, X, y):
    model.eval()
    with torch.no_grad():
        logits = model(X)
    loss = nn.functional.cross_entropy(logits, y).item()
    return loss, (logits.argmax(1) == y).float().mean().item()


if __name__ == "__main__":
    torch.manual_seed(8)
    train_df, test_df = collect(3200, 1), collect(1000, 2)
    prep = Preprocessor().fit(train_df)
    net = nn.Sequential(nn.Linear(8, 24), nn.Tanh(), nn.Linear(24, CATCHMENTS))
    train(net, *prep.training_batch(train_df))
    loss, acc = report(net, *prep.inference_batch(test_df))
    print(f"test loss {loss:.4f}  test accuracy {acc:.4f}")
