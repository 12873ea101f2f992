import numpy as np
import torch
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split
from torch import nn, optim

SEED = 17
REGIONS = 5


def load_panel():
    x, y = make_classification(n_samples=4000, n_features=20, n_informative=10, n_redundant=4, n_classes=REGIONS,
                               n_clusters_per_class=1, class_sep=1.6, random_state=SEED)
    rng = np.random.default_rng(SEED)
    scale, offset = np.exp(rng.normal(0, 0.45, 20)), rng.normal(0, 1.2, 20)
    return x * scale + offset, y


class OilClassifier(nn.Module):
    def __init__(self, n_in, n_out, width=40):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(n_in, width), nn.LeakyReLU(0.1), nn.Dropout(0.2), nn.Linear(width, width), nn.LeakyReLU(0.1))
        self.head = nn.Linear(width, n_out)

    def forward(self, x):
        return self.head(self.body(x))


def evaluate(model, x, y):
    model.eval()
    with torch.no_grad():
        logits = model(x)
        return nn.functional.cross_entropy(logits, y).item(), (logits.argmax(1) == y).float().mean().item()


def train():
    torch.manual_seed(SEED)
    x, y = load_panel()
    train_x, test_x, train_y, test_y = train_test_split(x, y, test_size=0.25, stratify=y, random_state=SEED)
    mu, sigma = train_x.mean(axis=0), train_x.std(axis=0)
    train_x = (train_x - mu) / sigma
    test_x = (test_x - test_x.mean()) / test_x.std()
    train_x, test_x = torch.tensor(train_x).float(), torch.tensor(test_x).float()
    train_y, test_y = torch.tensor(train_y), torch.tensor(test_y)

    model = OilClassifier(train_x.shape[1], REGIONS)
    opt = optim.AdamW(model.parameters(), lr=8e-3, weight_decay=1e-2)
    sched = optim.lr_scheduler.StepLR(opt, step_size=8, gamma=0.5)
    for epoch in range(24):
        model.train()
        perm, total = torch.randperm(len(train_x)), 0.0
        for chunk in perm.split(50):
            loss = nn.functional.cross_entropy(model(train_x[chunk]), train_y[chunk])
            opt.zero_grad()
            loss.backward()
            opt.step()
            total += loss.item() * len(chunk)
        sched.step()
        test_loss, test_acc = evaluate(model, test_x, test_y)
        if epoch % 3 == 2:
            print(f"epoch {epoch + 1:3d}  train loss {total / len(train_x):.4f}  test loss {test_loss:.4f}  test acc {test_acc:.4f}")
    print(f"test accuracy: {test_acc:.4f}")


if __name__ == "__main__":
    train()
