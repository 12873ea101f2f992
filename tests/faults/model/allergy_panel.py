"""Skin prick panel (32 allergens) -> responds to immunotherapy or not."""
import torch
import torch.nn as nn
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split


class ResponseNet(nn.Module):
    def __init__(self, n_features, hidden=128):
        super().__init__()
        self.fc1 = nn.Linear(n_features, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.fc3 = nn.Linear(hidden, 1)

    def forward(self, x):
        x = torch.relu(self.fc1(x))
        x = torch.relu(self.fc2(x))
        return self.fc3(x).squeeze(1)


def patients():
    X, y = make_classification(n_samples=1400, n_features=32, n_informative=6, n_redundant=4, n_clusters_per_class=2,
                               class_sep=0.9, flip_y=0.02, random_state=16)
    X_tr, X_te, y_tr, y_te = train_test_split(X, y, train_size=400, stratify=y, random_state=16)
    mu, sd = X_tr.mean(0), X_tr.std(0)

    def tensor(a):
        return torch.tensor((a - mu) / sd, dtype=torch.float32)
    return tensor(X_tr), torch.tensor(y_tr).float(), tensor(X_te), torch.tensor(y_te).float()


def train(epochs=80, batch_size=40):
    torch.manual_seed(1)
    X_tr, y_tr, X_te, y_te = patients()
    model = ResponseNet(X_tr.shape[1])
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(epochs):
        model.train()
        order = torch.randperm(len(X_tr))
        total = 0.0
        for b in range(0, len(order), batch_size):
            i = order[b:b + batch_size]
            loss = criterion(model(X_tr[i]), y_tr[i])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(i)
        model.eval()
        with torch.no_grad():
            logits = model(X_te)
            held_out = criterion(logits, y_te).item()
            acc = ((logits > 0).float() == y_te).float().mean().item()
        if epoch % 5 == 4:
            print(f"epoch {epoch + 1:3d}  train {total / len(X_tr):.4f}  held-out {held_out:.4f}  acc {acc:.4f}")
    print(f"held-out log loss: {held_out:.4f}")


if __name__ == "__main__":
    train()
