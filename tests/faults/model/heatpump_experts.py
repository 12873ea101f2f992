"""Softly gated mixture of small experts for heat-pump power under four operating regimes."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(31)


def plant(n=3000, d=5):
    x = torch.randn(n, d)
    regime = (x[:, 0] > 0).long() + 2 * (x[:, 1] > 0).long()
    coef = torch.randn(4, d) * 1.2
    y = (coef[regime] * x).sum(1) + torch.tensor([0.8, -0.8, 1.5, -1.5])[regime]
    y = y + 0.15 * torch.randn(n)
    return x, ((y - y.mean()) / y.std()).unsqueeze(1)


class Expert(nn.Module):
    def __init__(self, d, hidden=6):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(d, hidden), nn.ReLU(), nn.Linear(hidden, 1))

    def forward(self, x):
        return self.net(x)


class MixtureOfExperts(nn.Module):
    def __init__(self, d, n_experts=6):
        super().__init__()
        self.gate = nn.Sequential(nn.Linear(d, 24), nn.Tanh(), nn.Linear(24, n_experts))
        self.experts = nn.ModuleList([Expert(d)] * n_experts)

    def forward(self, x):
        w = self.gate(x).softmax(dim=-1)
        outs = torch.cat([e(x) for e in self.experts], dim=-1)
        return (w * outs).sum(-1, keepdim=True)


class Trainer:
    def __init__(self, model, train_set, val_set, epochs=60, lr=1e-2):
        self.model, self.epochs = model, epochs
        self.train_dl = DataLoader(train_set, batch_size=64, shuffle=True)
        self.val_dl = DataLoader(val_set, batch_size=256)
        self.opt = torch.optim.Adam(model.parameters(), lr=lr)
        self.sched = torch.optim.lr_scheduler.CosineAnnealingLR(self.opt, epochs)
        self.loss_fn = nn.MSELoss()

    @torch.no_grad()
    def evaluate(self, dl):
        self.model.eval()
        se, n = 0.0, 0
        for x, y in dl:
            se += (self.model(x) - y).pow(2).sum().item()
            n += len(x)
        return se / n

    def fit(self):
        for epoch in range(self.epochs):
            self.model.train()
            for x, y in self.train_dl:
                self.opt.zero_grad()
                loss = self.loss_fn(self.model(x), y)
                loss.backward()
                self.opt.step()
            self.sched.step()
            if epoch % 6 == 5:
                print(f"epoch {epoch + 1} train mse {self.evaluate(self.train_dl):.4f} val mse {self.evaluate(self.val_dl):.4f}")
        return self.evaluate(self.val_dl)


if __name__ == "__main__":
    x, y = plant()
    train_set, val_set = random_split(TensorDataset(x, y), [2400, 600])
    trainer = Trainer(MixtureOfExperts(x.shape[1]), train_set, val_set)
    print(f"final val MSE: {trainer.fit():.4f}")
