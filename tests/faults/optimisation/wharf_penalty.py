"""Cargo class from dock-sensor readings; multi-class MLP with an explicit ridge penalty."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import make_blobs


class CargoClassifier:
    def __init__(self, n_in, n_out, hidden=32, l2=0.02, lr=2e-3, epochs=20, batch=64, seed=0):
        torch.manual_seed(seed)
        self.net = nn.Sequential(nn.Linear(n_in, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(),
                                 nn.Linear(hidden, n_out))
        self.l2, self.epochs, self.batch = l2, epochs, batch
        self.opt = torch.optim.AdamW(self.net.parameters(), lr=lr, weight_decay=0.0)

    def ridge(self):
        return sum(p.square().sum() for name, p in self.net.named_parameters() if name.endswith("weight"))

    def fit(self, x, y, x_val, y_val):
        for epoch in range(self.epochs):
            self.net.train()
            for idx in torch.randperm(len(x)).split(self.batch):
                data_loss = F.cross_entropy(self.net(x[idx]), y[idx])
                loss = data_loss + self.l2 * self.ridge()
                self.opt.zero_grad()
                loss.backward()
                self.opt.step()
            print(f"{epoch + 1:02d} train {self.score(x, y)[0]:.4f} {self.score(x, y)[1]:.4f}"
                  f"  val {self.score(x_val, y_val)[0]:.4f} {self.score(x_val, y_val)[1]:.4f}")
        return self

    @torch.no_grad()
    def score(self, x, y):
        self.net.eval()
        z = self.net(x)
        return F.cross_entropy(z, y).item(), (z.argmax(1) == y).float().mean().item()


def main():
    blobs, y = make_blobs(5000, n_features=6, centers=24, cluster_std=2.3, random_state=13)
    y = y % 6
    blobs = (blobs - blobs[:4000].mean(0)) / blobs[:4000].std(0)
    x, y = torch.tensor(blobs, dtype=torch.float32), torch.tensor(y)
    clf = CargoClassifier(6, 6, l2=0.02, seed=13)
    clf.fit(x[:4000], y[:4000], x[4000:], y[4000:])
    print("held-out accuracy: %.4f" % clf.score(x[4000:], y[4000:])[1])


if __name__ == "__main__":
    main()
