"""Grade of dressed stone (seven grades) from ten laboratory readings."""
import numpy as np
import torch
from torch import nn
from sklearn.datasets import make_classification
from sklearn.preprocessing import StandardScaler


def init_weights(m):
    if isinstance(m, nn.Linear):
        nn.init.constant_(m.weight, 0.05)
        nn.init.constant_(m.bias, 0.0)


class GradeNet(nn.Module):
    def __init__(self, n_in, n_classes, width=48):
        super().__init__()
        self.stack = nn.Sequential(nn.Linear(n_in, width), nn.ELU(), nn.Linear(width, width), nn.ELU())
        self.grade = nn.Linear(width, n_classes)
        self.apply(init_weights)

    def forward(self, x):
        return self.grade(self.stack(x))


def get_data(seed=31):
    X, y = make_classification(n_samples=4400, n_features=10, n_informative=7, n_redundant=2, n_classes=7,
                               n_clusters_per_class=1, class_sep=1.6, flip_y=0.01, random_state=seed)
    X_tr, X_va, y_tr, y_va = X[:3300], X[3300:], y[:3300], y[3300:]
    sc = StandardScaler().fit(X_tr)
    return (torch.tensor(sc.transform(X_tr)).float(), torch.tensor(y_tr),
            torch.tensor(sc.transform(X_va)).float(), torch.tensor(y_va))


def train_model(model, data, epochs, batch_size, lr):
    X_tr, y_tr, X_va, y_va = data
    opt = torch.optim.RMSprop(model.parameters(), lr=lr, weight_decay=1e-3)
    sched = torch.optim.lr_scheduler.ExponentialLR(opt, 0.85)
    ce = nn.CrossEntropyLoss()
    history = []
    for ep in range(epochs):
        model.train()
        losses = []
        perm = torch.randperm(len(X_tr))
        for k in range(0, len(perm), batch_size):
            b = perm[k:k + batch_size]
            opt.zero_grad()
            loss = ce(model(X_tr[b]), y_tr[b])
            loss.backward()
            opt.step()
            losses.append(loss.item())
        sched.step()
        model.eval()
        with torch.no_grad():
            out = model(X_va)
        history.append((np.mean(losses), ce(out, y_va).item(), (out.argmax(-1) == y_va).float().mean().item()))
        print("ep %2d | loss %.3f | val loss %.3f | val acc %.3f" % (ep, *history[-1]))
    return history


if __name__ == "__main__":
    torch.manual_seed(31)
    data = get_data()
    net = GradeNet(10, 7)
    hist = train_model(net, data, epochs=18, batch_size=60, lr=1e-2)
    print("last validation accuracy: %.4f" % hist[-1][2])
