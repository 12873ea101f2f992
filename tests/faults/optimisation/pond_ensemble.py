"""Two small networks vote on the trophic state of a pond; each has its own optimiser and looks at its own sensors."""
import numpy as np
import torch
from torch import nn
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

torch.manual_seed(4)
np.random.seed(4)

X, y = make_classification(n_samples=5000, n_features=20, n_informative=12, n_redundant=0, n_classes=4,
                           n_clusters_per_class=2, class_sep=1.6, flip_y=0.0, shuffle=False, random_state=4)
columns = np.random.permutation(20)
X = X[:, columns]
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, stratify=y, random_state=4)
scaler = StandardScaler().fit(X_train)
X_train = torch.tensor(scaler.transform(X_train), dtype=torch.float32)
X_test = torch.tensor(scaler.transform(X_test), dtype=torch.float32)
y_train, y_test = torch.as_tensor(y_train), torch.as_tensor(y_test)


def expert(n_in):
    return nn.Sequential(nn.Linear(n_in, 64), nn.ReLU(), nn.Linear(64, 4))


chemistry, optics = expert(10), expert(10)
opt_chem = torch.optim.Adam(chemistry.parameters(), lr=2e-3)
opt_optics = torch.optim.Adam(optics.parameters(), lr=2e-3)
criterion = nn.CrossEntropyLoss()


def predict(x):
    return chemistry(x[:, :10]).softmax(1) + optics(x[:, 10:]).softmax(1)


def train_epoch(batch_size=50):
    chemistry.train(), optics.train()
    sums = np.zeros(2)
    batches = torch.randperm(len(X_train)).split(batch_size)
    for idx in batches:
        xb, yb = X_train[idx], y_train[idx]
        opt_chem.zero_grad()
        opt_optics.zero_grad()
        loss_chem = criterion(chemistry(xb[:, :10]), yb)
        loss_optics = criterion(optics(xb[:, 10:]), yb)
        loss_chem.backward()
        opt_chem.step()
        opt_optics.step()
        sums += loss_chem.item(), loss_optics.item()
    return sums / len(batches)


def test_accuracy():
    chemistry.eval(), optics.eval()
    with torch.no_grad():
        return (predict(X_test).argmax(1) == y_test).float().mean().item()


for epoch in range(15):
    loss_c, loss_o = train_epoch()
    print(f"epoch {epoch + 1:2d}: chemistry {loss_c:.4f}  optics {loss_o:.4f}  joint accuracy {test_accuracy():.4f}")
print(f"joint test accuracy = {test_accuracy():.4f}")
