import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

HPARAMS = {"hidden": [96, 96], "keep_prob": 0.85, "lr": 4e-3, "batch": 80, "epochs": 14, "seed": 40}


def dense(n_in, n_out, keep_prob):
    return nn.Sequential(
        nn.Linear(n_in, n_out),
        nn.LayerNorm(n_out),
        nn.ReLU(),
        nn.Dropout(keep_prob),
    )


class SoilClassifier(nn.Module):
    """Port of the old TF soil type classifier."""

    def __init__(self, n_in, n_classes, hidden, keep_prob):
        super().__init__()
        sizes = [n_in] + list(hidden)
        self.layers = nn.ModuleList(dense(a, b, keep_prob) for a, b in zip(sizes[:-1], sizes[1:]))
        self.classify = nn.Linear(sizes[-1], n_classes)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return self.classify(x)


def get_data(seed):
    X, y = make_classification(n_samples=6000, n_features=16, n_informative=8, n_redundant=4, n_classes=6,
                               n_clusters_per_class=3, class_sep=1.6, flip_y=0.0, random_state=seed)
    Xa, Xb, ya, yb = train_test_split(X, y, test_size=0.2, stratify=y, random_state=seed)
    sc = StandardScaler()
    Xa, Xb = sc.fit_transform(Xa), sc.transform(Xb)
    return [torch.tensor(a, dtype=d) for a, d in ((Xa, torch.float), (ya, torch.long), (Xb, torch.float), (yb, torch.long))]


def main(hp):
    torch.manual_seed(hp["seed"])
    np.random.seed(hp["seed"])
    X, y, X_test, y_test = get_data(hp["seed"])
    model = SoilClassifier(X.shape[1], 6, hp["hidden"], hp["keep_prob"])
    optimizer = torch.optim.AdamW(model.parameters(), lr=hp["lr"], weight_decay=0.01)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.85)
    loss_fn = nn.CrossEntropyLoss()
    for epoch in range(hp["epochs"]):
        model.train()
        order = np.random.permutation(len(X))
        losses = []
        for start in range(0, len(X), hp["batch"]):
            batch = torch.from_numpy(order[start:start + hp["batch"]])
            loss = loss_fn(model(X[batch]), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        scheduler.step()
        model.eval()
        with torch.inference_mode():
            out = model(X_test)
            test_loss = loss_fn(out, y_test).item()
            test_acc = (out.argmax(1) == y_test).float().mean().item()
        print(f"epoch {epoch + 1:3d} train_loss {np.mean(losses):.4f} test_loss {test_loss:.4f} test_acc {test_acc:.4f}")
    print(f"test_acc {test_acc:.4f}")


main(HPARAMS)
