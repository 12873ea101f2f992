import torch
from torch import nn
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler


class Trainer:
    def __init__(self, model, lr=0.001, momentum=0.9, epochs=30, batch_size=16):
        self.model = model
        self.epochs, self.batch_size = epochs, batch_size
        self.loss_fn = nn.BCEWithLogitsLoss()
        self.optim = torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum, weight_decay=1e-2)

    def epoch(self, X, y):
        self.model.train()
        total = 0.0
        for idx in torch.randperm(len(X)).split(self.batch_size):
            self.optim.zero_grad(set_to_none=True)
            loss = self.loss_fn(self.model(X[idx]).squeeze(-1), y[idx])
            loss.backward()
            self.optim.step()
            total += loss.item() * len(idx)
        return total / len(X)

    @torch.no_grad()
    def score(self, X, y):
        self.model.eval()
        z = self.model(X).squeeze(-1)
        return self.loss_fn(z, y).item(), ((z > 0).float() == y).float().mean().item()

    def fit(self, X, y, X_val, y_val, fold):
        for e in range(1, self.epochs + 1):
            train_loss = self.epoch(X, y)
            if e % 10 == 0:
                val_loss, val_acc = self.score(X_val, y_val)
                print(f"fold {fold} epoch {e:3d} train {train_loss:.4f} val {val_loss:.4f} acc {val_acc:.4f}")


def make_model(d):
    return nn.Sequential(nn.Linear(d, 24), nn.Tanh(), nn.Linear(24, 1))


def main():
    X, y = load_breast_cancer(return_X_y=True)
    losses, accs = [], []
    for fold, (a, b) in enumerate(StratifiedKFold(4, shuffle=True, random_state=0).split(X, y), start=1):
        torch.manual_seed(fold)
        scaler = StandardScaler().fit(X[a])
        X_tr = torch.tensor(scaler.transform(X[a]), dtype=torch.float32)
        X_va = torch.tensor(scaler.transform(X[b]), dtype=torch.float32)
        y_tr, y_va = torch.tensor(y[a]).float(), torch.tensor(y[b]).float()
        trainer = Trainer(make_model(X.shape[1]), lr=5e-5)
        trainer.fit(X_tr, y_tr, X_va, y_va, fold)
        loss, acc = trainer.score(X_va, y_va)
        losses.append(loss)
        accs.append(acc)
    print(f"mean accuracy over folds {sum(accs) / len(accs):.4f}")
    print(f"mean validation loss over folds {sum(losses) / len(losses):.4f}")


if __name__ == "__main__":
    main()
