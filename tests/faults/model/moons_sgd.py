import torch
from sklearn.datasets import make_moons
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)

X, y = make_moons(n_samples=2000, noise=0.1, random_state=0)
X = (X - X.mean(axis=0)) / X.std(axis=0)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=0)
to_t = lambda a: torch.tensor(a, dtype=torch.float32)  # noqa: E731
train_dl = DataLoader(TensorDataset(to_t(X_train), to_t(y_train)), batch_size=50, shuffle=True)

model = nn.Sequential(
    nn.Linear(2, 32),
    nn.Linear(32, 1),
)
loss_fn = nn.BCEWithLogitsLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)


def evaluate(features, labels):
    with torch.no_grad():
        p = torch.sigmoid(model(to_t(features)).squeeze(1))
    return ((p > 0.5) == to_t(labels).bool()).float().mean().item()


for epoch in range(25):
    for xb, yb in train_dl:
        optimizer.zero_grad()
        loss = loss_fn(model(xb).squeeze(1), yb)
        loss.backward()
        optimizer.step()
    if (epoch + 1) % 5 == 0:
        print(f"epoch {epoch + 1}: train acc {evaluate(X_train, y_train):.3f}, test acc {evaluate(X_test, y_test):.3f}")
