import numpy as np
import torch
import torch.nn as nn
from sklearn.metrics import roc_auc_score

rng = np.random.default_rng(14)
torch.manual_seed(14)


def render(n):
    """16x16 enamel photographs, with a thin crack (1) or a round stain (0)."""
    yy, xx = np.mgrid[0:16, 0:16]
    imgs, labels = [], rng.integers(0, 2, n)
    for lab in labels:
        cx, cy = rng.uniform(4, 12, 2)
        if lab:
            a = rng.uniform(0, np.pi)
            d = np.abs((xx - cx) * np.sin(a) - (yy - cy) * np.cos(a))
            along = np.abs((xx - cx) * np.cos(a) + (yy - cy) * np.sin(a))
            shape = (d < 0.9) & (along < rng.uniform(3, 6))
        else:
            shape = (xx - cx) ** 2 + (yy - cy) ** 2 < rng.uniform(1.8, 3.0) ** 2
        imgs.append(-1.0 * shape + rng.normal(0, 0.22, (16, 16)))
    imgs = np.stack(imgs)[:, None]
    return torch.tensor(imgs / imgs.std(), dtype=torch.float32), torch.tensor(labels, dtype=torch.float32)


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(1, 8, 5, stride=2, padding=2), nn.ReLU(),
                                 nn.Conv2d(8, 16, 3, stride=2, padding=1), nn.ReLU(), nn.Flatten(),
                                 nn.Linear(256, 24), nn.ReLU())

    def forward(self, x):
        return self.net(x)


encoder = Encoder()
classifier = nn.Linear(24, 1)
enc_opt = torch.optim.Adam(encoder.parameters(), lr=1.5e-3, weight_decay=1e-3)
cls_opt = torch.optim.Adam(classifier.parameters(), lr=1e-2)
bce = nn.BCEWithLogitsLoss()

x_train, y_train = render(4500)
x_test, y_test = render(1000)


def update(x, y):
    loss = bce(classifier(encoder(x)).squeeze(1), y)
    cls_opt.zero_grad()
    loss.backward()
    enc_opt.zero_grad()
    enc_opt.step()
    cls_opt.step()
    return loss.item()


for epoch in range(9):
    encoder.train()
    perm = torch.randperm(len(x_train))
    history = [update(x_train[i], y_train[i]) for i in perm.split(50)]
    encoder.eval()
    with torch.no_grad():
        score = classifier(encoder(x_test)).squeeze(1)
        test_loss = bce(score, y_test).item()
    print(f"epoch {epoch + 1}: loss={np.mean(history):.4f} test_loss={test_loss:.4f} auc={roc_auc_score(y_test, score):.4f}")
accuracy = ((score > 0) == (y_test > 0.5)).float().mean().item()
print(f"test accuracy={accuracy:.4f}")
