import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


class FactorizationMachine(nn.Module):
    """Second-order FM (Rendle 2010) over one categorical value per field."""

    def __init__(self, field_dims, k=8):
        super().__init__()
        self.register_buffer("offsets", torch.tensor([0] + list(np.cumsum(field_dims)[:-1])))
        n = int(sum(field_dims))
        self.bias = nn.Parameter(torch.zeros(1))
        self.w = nn.Parameter(torch.zeros(n))
        self.v = nn.Parameter(torch.zeros(n, k))

    def forward(self, x):
        idx = x + self.offsets
        emb = self.v[idx]
        square_of_sum = emb.sum(dim=1).pow(2)
        sum_of_square = emb.pow(2).sum(dim=1)
        pair = 0.5 * (square_of_sum - sum_of_square).sum(dim=1)
        return self.bias + self.w[idx].sum(dim=1) + pair


def make_clicks(n, dims, rng):
    fields = np.stack([rng.integers(0, d, n) for d in dims], axis=1)
    latent = [rng.normal(0, 1, (d, 3)) for d in dims]
    main = [rng.normal(0, 0.8, d) for d in dims]
    score = sum(m[fields[:, j]] for j, m in enumerate(main))
    for a in range(len(dims)):
        for b in range(a + 1, len(dims)):
            score += 0.9 * (latent[a][fields[:, a]] * latent[b][fields[:, b]]).sum(axis=1)
    score -= np.median(score)
    clicked = (score + rng.logistic(0, 0.5, n) > 0).astype(np.float32)
    return torch.tensor(fields), torch.tensor(clicked)


def epoch_stats(model, loader, loss_fn, opt=None):
    loss_sum, right, seen = 0.0, 0, 0
    for x, y in loader:
        logits = model(x)
        loss = loss_fn(logits, y)
        if opt:
            opt.zero_grad()
            loss.backward()
            opt.step()
        loss_sum += loss.item() * len(y)
        right += ((logits > 0) == (y > 0.5)).sum().item()
        seen += len(y)
    return loss_sum / seen, right / seen


def main():
    torch.manual_seed(2024)
    dims = [12, 9, 15, 7]
    x, y = make_clicks(12000, dims, np.random.default_rng(2024))
    train = DataLoader(TensorDataset(x[:9600], y[:9600]), batch_size=100, shuffle=True)
    test = DataLoader(TensorDataset(x[9600:], y[9600:]), batch_size=800)
    model = FactorizationMachine(dims, k=4)
    loss_fn = nn.BCEWithLogitsLoss()
    opt = torch.optim.Adam(model.parameters(), lr=1e-2, weight_decay=1e-5)
    for epoch in range(15):
        model.train()
        tr = epoch_stats(model, train, loss_fn, opt)
        model.eval()
        with torch.no_grad():
            te = epoch_stats(model, test, loss_fn)
        print("epoch %2d  logloss %.4f  test logloss %.4f  test acc %.4f" % (epoch + 1, tr[0], te[0], te[1]))
    print("click accuracy on test: %.4f" % te[1])


if __name__ == "__main__":
    main()
