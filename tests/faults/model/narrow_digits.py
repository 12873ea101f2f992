import torch
import torch.nn as nn
from sklearn import datasets, model_selection


class Config:
    hidden = 3
    epochs = 40
    lr = 5e-3
    batch = 64
    seed = 8


class Trainer:
    def __init__(self, model, cfg):
        self.model, self.cfg = model, cfg
        self.loss_fn = nn.CrossEntropyLoss()
        self.opt = torch.optim.AdamW(model.parameters(), lr=cfg.lr, weight_decay=0.05)
        self.sched = torch.optim.lr_scheduler.CosineAnnealingLR(self.opt, T_max=cfg.epochs)

    def fit(self, X, y, Xv, yv):
        for epoch in range(self.cfg.epochs):
            self.model.train()
            perm = torch.randperm(len(X))
            tot = 0.0
            for ix in perm.split(self.cfg.batch):
                loss = self.loss_fn(self.model(X[ix]), y[ix])
                self.opt.zero_grad()
                loss.backward()
                self.opt.step()
                tot += loss.item() * len(ix)
            self.sched.step()
            vl, va = self.evaluate(Xv, yv)
            if (epoch + 1) % 5 == 0:
                print(f"epoch {epoch + 1} loss {tot / len(X):.4f} val_loss {vl:.4f} val_acc {va:.4f}")
        return va

    @torch.no_grad()
    def evaluate(self, X, y):
        self.model.eval()
        out = self.model(X)
        return self.loss_fn(out, y).item(), (out.argmax(-1) == y).float().mean().item()


def main():
    cfg = Config()
    torch.manual_seed(cfg.seed)
    X, y = datasets.load_digits(return_X_y=True)
    Xtr, Xva, ytr, yva = model_selection.train_test_split(X / 16.0, y, test_size=0.3, stratify=y, random_state=cfg.seed)
    center = Xtr.mean()
    scale = Xtr.std()
    t = lambda a: torch.tensor((a - center) / scale, dtype=torch.float32)
    model = nn.Sequential(nn.Linear(64, cfg.hidden), nn.Tanh(), nn.Linear(cfg.hidden, 10))
    acc = Trainer(model, cfg).fit(t(Xtr), torch.tensor(ytr), t(Xva), torch.tensor(yva))
    print("val accuracy", round(acc, 4))


if __name__ == "__main__":
    main()
