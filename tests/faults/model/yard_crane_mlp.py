"""Crane load identification from strain-gauge spectra."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler


def weights_init(m):
    if isinstance(m, nn.Linear):
        nn.init.normal_(m.weight, mean=0.0, std=1.0)
        nn.init.zeros_(m.bias)


class LoadNet(nn.Module):
    def __init__(self, n_in, n_hidden, n_classes):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(n_in, n_hidden), nn.Tanh(),
            nn.Linear(n_hidden, n_hidden), nn.Tanh(),
            nn.Linear(n_hidden, n_hidden), nn.Tanh(),
        )
        self.classifier = nn.Linear(n_hidden, n_classes)
        self.apply(weights_init)

    def forward(self, x):
        return self.classifier(self.body(x))


def fit(model, loaders, epochs, lr):
    loss_fn = nn.CrossEntropyLoss()
    opt = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9, nesterov=True, weight_decay=5e-4)
    for epoch in range(1, epochs + 1):
        stats = {}
        for phase in ("train", "val"):
            model.train(phase == "train")
            loss_sum, right, count = 0.0, 0, 0
            for x, y in loaders[phase]:
                with torch.set_grad_enabled(phase == "train"):
                    z = model(x)
                    loss = loss_fn(z, y)
                    if phase == "train":
                        opt.zero_grad()
                        loss.backward()
                        opt.step()
                loss_sum += loss.item() * len(y)
                right += (z.argmax(1) == y).sum().item()
                count += len(y)
            stats[phase] = loss_sum / count, right / count
        print(f"Epoch {epoch}/{epochs} " + " ".join(f"{k} loss {v[0]:.4f} acc {v[1]:.4f}" for k, v in stats.items()))
    return stats["val"][1]


if __name__ == "__main__":
    torch.manual_seed(1234)
    X, y = make_classification(n_samples=6000, n_features=30, n_informative=10, n_redundant=8, n_classes=8,
                               n_clusters_per_class=1, class_sep=1.7, flip_y=0, random_state=12)
    X_tr, X_val, y_tr, y_val = train_test_split(X, y, test_size=0.2, stratify=y, random_state=12)
    scaler = StandardScaler().fit(X_tr)
    to_set = lambda a, b: TensorDataset(torch.tensor(scaler.transform(a), dtype=torch.float32), torch.tensor(b))
    loaders = {"train": DataLoader(to_set(X_tr, y_tr), batch_size=100, shuffle=True),
               "val": DataLoader(to_set(X_val, y_val), batch_size=400)}
    acc = fit(LoadNet(30, 64, 8), loaders, epochs=12, lr=0.05)
    print(f"Final validation accuracy: {acc:.4f}")
