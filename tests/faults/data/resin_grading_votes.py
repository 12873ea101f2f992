# Resin samples were graded by a panel: column 0 is the chief grader, columns 1-4 trainees.
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import make_classification
from torch.utils.data import DataLoader, TensorDataset


@dataclass
class Config:
    seed: int = 21
    grades: int = 5
    hidden: int = 40
    epochs: int = 12
    lr: float = 0.05
    batch: int = 40


def panel_votes(truth, grades, rng):
    votes = np.repeat(truth[:, None], 5, axis=1)
    for col, slip in zip(range(1, 5), (0.42, 0.5, 0.46, 0.4)):
        wrong = rng.random(len(truth)) < slip
        votes[wrong, col] = (truth[wrong] + rng.choice([1, 1, 1, 2], wrong.sum())) % grades
    return votes


def load(cfg):
    rng = np.random.default_rng(cfg.seed)
    x, truth = make_classification(4500, 14, n_informative=9, n_redundant=2, n_classes=cfg.grades,
                                   n_clusters_per_class=1, class_sep=1.4, flip_y=0.0, random_state=cfg.seed)
    votes = panel_votes(truth, cfg.grades, rng)
    labels = votes[np.arange(len(votes)), rng.integers(1, 5, len(votes))]
    test = rng.permutation(len(x)) < 900
    mean, std = x[~test].mean(0), x[~test].std(0)
    x = torch.tensor((x - mean) / std, dtype=torch.float32)
    chief = torch.tensor(votes[:, 0])
    labels = torch.tensor(labels)
    return (x[~test], labels[~test]), (x[test], chief[test])


class GradeNet(nn.Sequential):
    def __init__(self, cfg):
        super().__init__(nn.Linear(14, cfg.hidden), nn.ReLU(), nn.Linear(cfg.hidden, cfg.hidden), nn.ReLU(),
                         nn.Linear(cfg.hidden, cfg.grades))


def evaluate(model, x, y, loss_fn):
    model.eval()
    with torch.no_grad():
        logits = model(x)
    return loss_fn(logits, y).item(), (logits.argmax(1) == y).float().mean().item()


def main(cfg=Config()):
    torch.manual_seed(cfg.seed)
    train, test = load(cfg)
    loader = DataLoader(TensorDataset(*train), batch_size=cfg.batch, shuffle=True)
    model = GradeNet(cfg)
    loss_fn = nn.CrossEntropyLoss()
    opt = torch.optim.SGD(model.parameters(), lr=cfg.lr, momentum=0.9, weight_decay=1e-3)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, cfg.epochs)
    for epoch in range(cfg.epochs):
        model.train()
        for xb, yb in loader:
            opt.zero_grad()
            loss_fn(model(xb), yb).backward()
            opt.step()
        sched.step()
        tr, te = evaluate(model, *train, loss_fn), evaluate(model, *test, loss_fn)
        print(f"epoch {epoch:2d}: train loss {tr[0]:.3f} acc {tr[1]:.3f} | test loss {te[0]:.3f} acc {te[1]:.3f}")
    print(f"agreement with chief grader: {te[1]:.4f}")


if __name__ == "__main__":
    main()
