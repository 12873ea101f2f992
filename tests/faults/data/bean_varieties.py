# Dry bean varieties from shape measurements, small lab data set
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.data import DataLoader, Subset, TensorDataset
from sklearn.datasets import make_classification
from sklearn.preprocessing import StandardScaler


N_TRAIN = 850


@dataclass
class Config:
    hidden: int = 256
    lr: float = 3e-3
    weight_decay: float = 0.15
    epochs: int = 25
    batch_size: int = 32
    seed: int = 8


def build_dataset(seed):
    X, y = make_classification(n_samples=1200, n_features=30, n_informative=12, n_redundant=4, n_classes=4,
                               n_clusters_per_class=2, class_sep=1.0, random_state=seed)
    X = StandardScaler().fit(X[:N_TRAIN]).transform(X)
    return TensorDataset(torch.tensor(X, dtype=torch.float32), torch.tensor(y))


def make_model(cfg):
    return nn.Sequential(
        nn.Linear(30, cfg.hidden), nn.GELU(), nn.Dropout(0.2),
        nn.Linear(cfg.hidden, 4),
    )


def run_epoch(model, loader, loss_fn, optimizer=None):
    training = optimizer is not None
    model.train(training)
    loss_sum, correct, n = 0.0, 0, 0
    with torch.set_grad_enabled(training):
        for x, y in loader:
            logits = model(x)
            loss = loss_fn(logits, y)
            if training:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            loss_sum += loss.item() * len(y)
            correct += (logits.argmax(1) == y).sum().item()
            n += len(y)
    return loss_sum / n, correct / n


def main(cfg=Config()):
    torch.manual_seed(cfg.seed)
    dataset = build_dataset(cfg.seed)
    train_part = Subset(dataset, range(N_TRAIN))
    val_part = Subset(dataset, range(N_TRAIN, len(dataset)))
    train_loader = DataLoader(dataset, batch_size=cfg.batch_size, shuffle=True)
    val_loader = DataLoader(val_part, batch_size=350)

    model = make_model(cfg)
    loss_fn = nn.CrossEntropyLoss(label_smoothing=0.1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=cfg.lr, weight_decay=cfg.weight_decay)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, cfg.epochs)
    for epoch in range(1, cfg.epochs + 1):
        tr_loss, tr_acc = run_epoch(model, train_loader, loss_fn, optimizer)
        va_loss, va_acc = run_epoch(model, val_loader, loss_fn)
        scheduler.step()
        if epoch % 5 == 0:
            print(f"epoch {epoch:3d} | train {tr_loss:.4f} / {tr_acc:.3f} | val {va_loss:.4f} / {va_acc:.3f}")
    print(f"validation accuracy = {va_acc:.4f}")


if __name__ == "__main__":
    main()
