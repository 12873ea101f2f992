"""Hot-axle alarms: 2% of the passing wagons are pulled out of the train, much of that by chance."""
import torch
from torch import nn
from torch.utils.data import TensorDataset, DataLoader
from sklearn.metrics import average_precision_score, roc_auc_score

SEED = 21
EPOCHS = 10
WIDTH = 32


def passing_wagons(n, gen):
    left = torch.randn(n, generator=gen)
    right = 0.7 * left + 0.7 * torch.randn(n, generator=gen)
    speed = torch.rand(n, generator=gen) * 80 + 40
    load = torch.rand(n, generator=gen) * 60 + 20
    age = -torch.log(torch.rand(n, generator=gen)) * 9
    ambient = torch.randn(n, generator=gen) * 8 + 10
    z = -6.3 + 1.7 * torch.relu((left - right).abs() - 0.3) + 1.1 * torch.relu(left + right - 1) + 0.02 * (speed - 80) + 0.015 * (load - 50) + 0.05 * age
    y = torch.bernoulli(torch.sigmoid(z), generator=gen)
    return torch.stack([left * 6 + 35, right * 6 + 35, speed, load, age, ambient], 1), y, torch.sigmoid(z)


class Trainer:
    def __init__(self, model, lr, train, val):
        self.model, self.train_dl, self.val = model, train, val
        self.opt = torch.optim.Adam(model.parameters(), lr=lr)
        self.sched = torch.optim.lr_scheduler.LinearLR(self.opt, 1.0, 0.05, total_iters=EPOCHS)
        self.loss = nn.BCEWithLogitsLoss()

    def epoch(self):
        self.model.train()
        seen = tot = 0
        for xb, yb in self.train_dl:
            self.opt.zero_grad()
            l = self.loss(self.model(xb).squeeze(-1), yb)
            l.backward()
            self.opt.step()
            tot += l.item() * len(yb)
            seen += len(yb)
        self.sched.step()
        return tot / seen

    @torch.no_grad()
    def evaluate(self):
        self.model.eval()
        x, y = self.val
        s = self.model(x).squeeze(-1)
        return self.loss(s, y).item(), ((s > 0).float() == y).float().mean().item(), roc_auc_score(y, s), average_precision_score(y, s)

    def fit(self):
        for e in range(EPOCHS):
            tl = self.epoch()
            vl, acc, auc, ap = self.evaluate()
            print(f"epoch {e:2d} loss={tl:.4f} val_loss={vl:.4f} acc={acc:.4f} auc={auc:.4f} ap={ap:.4f}")
        return ap


if __name__ == "__main__":
    torch.manual_seed(SEED)
    g = torch.Generator().manual_seed(SEED)
    x, y, _ = passing_wagons(60000, g)
    xv, yv, pv = passing_wagons(12000, g)
    m, s = x.mean(0), x.std(0)
    x, xv = (x - m) / s, (xv - m) / s
    print(f"positives: train {y.mean():.4f}, val {yv.mean():.4f}")
    net = nn.Sequential(nn.Linear(6, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 1))
    dl = DataLoader(TensorDataset(x, y), batch_size=512, shuffle=True)
    ap = Trainer(net, 1e-2, dl, (xv, yv)).fit()
    print(f"average precision {ap:.4f} (by the true risks {average_precision_score(yv, pv):.4f}, by chance {yv.mean():.4f})")
