import torch
import torch.nn as nn
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split
from torch.optim.lr_scheduler import OneCycleLR


def build_mlp(sizes, activation=nn.ReLU, norm=True):
    """build_mlp([20, 64, 64, 7]) -> Linear/BN/act blocks"""
    layers = []
    for n_in, n_out in zip(sizes[:-2], sizes[1:-1]):
        layers.append(nn.Linear(n_in, n_out))
        if norm:
            layers.append(nn.BatchNorm1d(n_out))
        layers.append(activation())
    layers += [nn.Linear(sizes[-2], sizes[-1]), activation()]
    return nn.Sequential(*layers)


class Trainer:
    def __init__(self, model, lr, epochs, batch_size):
        self.model, self.epochs, self.batch_size = model, epochs, batch_size
        self.opt = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9, nesterov=True, weight_decay=1e-4)
        self.max_lr = lr
        self.loss = nn.CrossEntropyLoss()

    def fit(self, X, y, X_val, y_val):
        steps = len(X) // self.batch_size
        sched = OneCycleLR(self.opt, max_lr=self.max_lr, total_steps=steps * self.epochs)
        for epoch in range(self.epochs):
            self.model.train()
            perm = torch.randperm(len(X))
            mean = 0.0
            for k in range(steps):
                b = perm[k * self.batch_size:(k + 1) * self.batch_size]
                self.opt.zero_grad(set_to_none=True)
                loss = self.loss(self.model(X[b]), y[b])
                loss.backward()
                self.opt.step()
                sched.step()
                mean += loss.item() / steps
            val_loss, val_acc = self.evaluate(X_val, y_val)
            print(f"{epoch:3d} | loss {mean:.4f} | val loss {val_loss:.4f} | val acc {val_acc:.4f}")

    @torch.no_grad()
    def evaluate(self, X, y):
        self.model.eval()
        out = self.model(X)
        return self.loss(out, y).item(), (out.argmax(1) == y).float().mean().item()


torch.manual_seed(8)
X, y = make_classification(n_samples=6000, n_features=20, n_informative=12, n_redundant=4, n_classes=7,
                           n_clusters_per_class=1, class_sep=1.6, flip_y=0, random_state=8)
X_tr, X_va, y_tr, y_va = train_test_split(X, y, test_size=0.25, random_state=8)
mean, std = X_tr.mean(0), X_tr.std(0)
X_tr, X_va = [torch.tensor((a - mean) / std, dtype=torch.float32) for a in (X_tr, X_va)]
y_tr, y_va = torch.tensor(y_tr), torch.tensor(y_va)
Trainer(build_mlp([20, 32, 32, 7]), lr=0.1, epochs=12, batch_size=100).fit(X_tr, y_tr, X_va, y_va)
