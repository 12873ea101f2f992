"""Cover shares of five plant groups in a fen plot, learnt from the shares that several surveyors drew."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

GROUPS = ["sedge", "moss", "reed", "herb", "shrub"]


def plots(n, rng):
    x = rng.normal(0, 1, (n, 7))
    w = np.random.default_rng(40)
    hidden = np.tanh(x @ w.normal(0, 0.7, (7, 10)))
    logits = hidden @ w.normal(0, 0.9, (10, len(GROUPS)))
    share = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    drawn = np.stack([rng.multinomial(30, p) for p in share]) / 30.0
    return torch.tensor(x, dtype=torch.float32), torch.tensor(drawn, dtype=torch.float32)


class ShareNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(7, 32)
        self.out = nn.Linear(32, len(GROUPS))

    def forward(self, x):
        return torch.log_softmax(self.out(torch.tanh(self.hidden(x))), dim=1)


def main():
    torch.manual_seed(40)
    rng = np.random.default_rng(41)
    train = DataLoader(TensorDataset(*plots(3000, rng)), batch_size=50, shuffle=True)
    x_test, share_test = plots(700, rng)
    net = ShareNet()
    kl = nn.KLDivLoss(reduction="batchmean")
    opt = torch.optim.Adam(net.parameters(), lr=5e-3)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 16)
    for epoch in range(1, 17):
        net.train()
        total = 0.0
        for x, share in train:
            loss = kl(net(x), share)
            opt.zero_grad()
            loss.backward()
            opt.step()
            total += loss.item() * len(x)
        sched.step()
        net.eval()
        with torch.no_grad():
            log_share = net(x_test)
            test_kl = kl(log_share, share_test).item()
            error = (log_share.exp() - share_test).abs().mean().item()
        print(f"epoch {epoch:2d}  KL train {total / 3000:.4f}  KL test {test_kl:.4f}  mean share error {error:.4f}")
    base = plots(3000, np.random.default_rng(41))[1].mean(0)
    print(f"always the average share: {(base - share_test).abs().mean():.4f}")
    print(f"mean share error: {error:.4f}")


if __name__ == "__main__":
    main()
