import torch
from torch import nn
from sklearn.datasets import make_friedman1
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

CONFIG = dict(sizes=[10, 64, 64, 1], lr=2e-3, epochs=50, batch=64, weight_decay=1e-3)


def build_mlp(sizes):
    layers = []
    for n_in, n_out in zip(sizes[:-1], sizes[1:]):
        layers.append(nn.Linear(n_in, n_out))
        layers.append(nn.ReLU())
    return nn.Sequential(*layers)


def r2(pred, target):
    return 1 - ((pred - target) ** 2).sum() / ((target - target.mean()) ** 2).sum()


def main():
    torch.manual_seed(5)
    X, y = make_friedman1(n_samples=3200, n_features=10, noise=0.8, random_state=5)
    X_tr, X_te, y_tr, y_te = train_test_split(X, y, test_size=0.25, random_state=5)
    sx = StandardScaler().fit(X_tr)
    sy = StandardScaler().fit(y_tr[:, None])
    to = lambda a: torch.tensor(a, dtype=torch.float32)
    X_tr, X_te = to(sx.transform(X_tr)), to(sx.transform(X_te))
    y_tr, y_te = to(sy.transform(y_tr[:, None])), to(sy.transform(y_te[:, None]))

    net = build_mlp(CONFIG["sizes"])
    print(net)
    opt = torch.optim.AdamW(net.parameters(), lr=CONFIG["lr"], weight_decay=CONFIG["weight_decay"])
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, CONFIG["epochs"])
    loss_fn = nn.MSELoss()
    for epoch in range(CONFIG["epochs"]):
        net.train()
        running = 0.0
        for idx in torch.randperm(len(X_tr)).split(CONFIG["batch"]):
            opt.zero_grad()
            loss = loss_fn(net(X_tr[idx]), y_tr[idx])
            loss.backward()
            opt.step()
            running += loss.item() * len(idx)
        sched.step()
        if epoch % 5 == 4:
            net.eval()
            with torch.no_grad():
                test = loss_fn(net(X_te), y_te).item()
            print(f"[{epoch + 1:3d}] train mse {running / len(X_tr):.4f}  test mse {test:.4f}")
    net.eval()
    with torch.no_grad():
        print(f"test R2: {r2(net(X_te), y_te).item():.4f}")


if __name__ == "__main__":
    main()
