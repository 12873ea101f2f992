"""Near-infrared reading -> four feed constituents (multi-task regression)."""
import torch
import torch.nn as nn
import torch.optim as optim

TARGETS = ["protein", "fat", "fibre", "ash"]


def nir_samples(n, mixing, generator):
    factors = torch.randn(n, 5, generator=generator)
    spectra = torch.tanh(factors @ mixing) + 0.1 * torch.randn(n, 24, generator=generator)
    y = {
        "protein": factors[:, 0] + 0.6 * factors[:, 1],
        "fat": factors[:, 1] * 0.8 - factors[:, 2],
        "fibre": factors[:, 3] - 0.5 * factors[:, 0],
        "ash": 0.9 * factors[:, 4] + 0.7 * factors[:, 2],
    }
    y = {k: (v + 0.25 * torch.randn(n, generator=generator)) / 1.2 for k, v in y.items()}
    return spectra / 0.7, y


class FeedModel(nn.Module):
    def __init__(self, n_bands, hidden=48):
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Linear(n_bands, hidden), nn.ELU(),
            nn.Linear(hidden, hidden), nn.ELU(),
        )
        self.heads = nn.ModuleDict(dict.fromkeys(TARGETS, nn.Linear(hidden, 1)))

    def forward(self, x):
        h = self.trunk(x)
        return {name: head(h).squeeze(-1) for name, head in self.heads.items()}


def total_loss(pred, y):
    return sum(nn.functional.mse_loss(pred[k], y[k]) for k in TARGETS) / len(TARGETS)


def r2_scores(pred, y):
    return {k: 1 - nn.functional.mse_loss(pred[k], y[k]).item() / y[k].var().item() for k in TARGETS}


def main():
    torch.manual_seed(77)
    g = torch.Generator().manual_seed(77)
    mixing = torch.randn(5, 24, generator=g) * 0.5
    x, y = nir_samples(3000, mixing, g)
    x_val, y_val = nir_samples(800, mixing, g)

    model = FeedModel(x.shape[1])
    optimizer = optim.AdamW(model.parameters(), lr=6e-3, weight_decay=1e-2)
    for epoch in range(16):
        model.train()
        running = 0.0
        for idx in torch.randperm(len(x)).split(32):
            optimizer.zero_grad()
            loss = total_loss(model(x[idx]), {k: v[idx] for k, v in y.items()})
            loss.backward()
            optimizer.step()
            running += loss.item() * len(idx)
        model.eval()
        with torch.no_grad():
            pred = model(x_val)
        scores = r2_scores(pred, y_val)
        detail = "  ".join(f"{k} {v:.3f}" for k, v in scores.items())
        print(f"epoch {epoch + 1:2d}  train {running / len(x):.4f}  val {total_loss(pred, y_val):.4f}  R2: {detail}")
    print(f"mean R2 over constituents: {sum(scores.values()) / len(scores):.4f}")


if __name__ == "__main__":
    main()
