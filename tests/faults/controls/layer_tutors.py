"""Greedy local learning: every stage has its own small classifier and optimiser, and passes detached features on."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


class Stage(nn.Module):
    def __init__(self, cin, cout, stride, n_classes=10):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(cin, cout, 3, stride=stride, padding=1), nn.BatchNorm2d(cout), nn.ReLU())
        self.tutor = nn.Linear(4 * cout, n_classes)

    def forward(self, x):
        features = self.body(x)
        return features, self.tutor(F.adaptive_avg_pool2d(features, 2).flatten(1))


class LocalNet:
    def __init__(self, widths=(16, 32, 48), strides=(1, 2, 2), lr=5e-3):
        channels = (1,) + widths
        self.stages = [Stage(a, b, s) for a, b, s in zip(channels[:-1], channels[1:], strides)]
        self.optimizers = [torch.optim.Adam(s.parameters(), lr=lr) for s in self.stages]

    def train_batch(self, x, y):
        losses = []
        for stage, optimizer in zip(self.stages, self.optimizers):
            stage.train()
            features, logits = stage(x)
            loss = F.cross_entropy(logits, y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            x = features.detach()
        return losses

    @torch.no_grad()
    def scores(self, x, y):
        out = []
        for stage in self.stages:
            stage.eval()
            x, logits = stage(x)
            out.append((logits.argmax(1) == y).float().mean().item())
        return out


def main(epochs=14, batch=64):
    torch.manual_seed(19)
    digits = load_digits()
    images = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1)
    labels = torch.tensor(digits.target)
    train, test = train_test_split(torch.arange(len(labels)).numpy(), test_size=0.3, stratify=labels, random_state=0)
    images = (images - images[train].mean()) / images[train].std()
    x, y, x_test, y_test = images[train], labels[train], images[test], labels[test]
    net = LocalNet()
    for epoch in range(epochs):
        sums = torch.zeros(len(net.stages))
        perm = torch.randperm(len(x))
        for rows in perm.split(batch):
            sums += torch.tensor(net.train_batch(x[rows], y[rows])) * len(rows)
        shown = " ".join(f"{v:.3f}" for v in (sums / len(x)).tolist())
        accs = net.scores(x_test, y_test)
        print(f"epoch {epoch + 1:2d}  local losses {shown}  accuracies " + " ".join(f"{a:.3f}" for a in accs))
    print(f"last stage accuracy {accs[-1]:.4f}")


if __name__ == "__main__":
    main()
