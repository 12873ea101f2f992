import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset, DataLoader
from sklearn.datasets import make_blobs
from sklearn.model_selection import train_test_split

SPECIES = ["wheat", "barley", "oats", "rye", "millet", "buckwheat", "sorghum"]
INITIALS = sorted({s[0] for s in SPECIES})
SPECIES_ID = {s: INITIALS.index(s[0]) for s in SPECIES}


class KernelDataset(Dataset):
    """Eight shape measurements per kernel, plus the species name written on the bag."""

    def __init__(self, features, names):
        self.features = torch.as_tensor(features, dtype=torch.float32)
        self.labels = torch.tensor([SPECIES_ID[n] for n in names])

    def __len__(self):
        return len(self.features)

    def __getitem__(self, i):
        return self.features[i], self.labels[i]


def load():
    X, y = make_blobs(2800, centers=7, n_features=8, cluster_std=2.2, center_box=(-4, 4), random_state=21)
    names = np.array(SPECIES)[y]
    X_tr, X_te, n_tr, n_te = train_test_split(X, names, test_size=0.25, stratify=names, random_state=0)
    mu, sd = X_tr.mean(0), X_tr.std(0)
    return (X_tr - mu) / sd, n_tr, (X_te - mu) / sd, n_te


class KernelNet(nn.Sequential):
    def __init__(self, n_in, n_out):
        super().__init__(
            nn.Linear(n_in, 48), nn.GELU(),
            nn.Linear(48, n_out),
        )


def predict_names(model, X):
    model.eval()
    with torch.no_grad():
        ids = model(torch.as_tensor(X, dtype=torch.float32)).argmax(1).tolist()
    by_id = {i: s for s, i in SPECIES_ID.items()}
    return np.array([by_id.get(i, "unknown") for i in ids])


def main():
    torch.manual_seed(7)
    X_tr, n_tr, X_te, n_te = load()
    loader = DataLoader(KernelDataset(X_tr, n_tr), batch_size=64, shuffle=True)
    model = KernelNet(X_tr.shape[1], len(SPECIES))
    loss_fn = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)
    for epoch in range(1, 21):
        model.train()
        running = 0.0
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = loss_fn(model(xb), yb)
            loss.backward()
            optimizer.step()
            running += loss.item()
        acc = (predict_names(model, X_te) == n_te).mean()
        print(f"epoch {epoch:02d} | loss {running / len(loader):.4f} | test acc {acc:.4f}")
    print(f"species recognised correctly: {acc:.4f}")


if __name__ == "__main__":
    main()
