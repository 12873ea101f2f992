import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

torch.manual_seed(0)


class LinearSVM(torch.nn.Module):
    """One weight vector a class, trained with the multi-class hinge loss."""

    def __init__(self, features, classes):
        super().__init__()
        self.weight = torch.nn.Parameter(0.01 * torch.randn(features, classes))
        self.bias = torch.nn.Parameter(torch.zeros(classes))

    def forward(self, x):
        return x @ self.weight + self.bias


X, y = load_digits(return_X_y=True)
X = torch.tensor(X, dtype=torch.float32)
Xtr, Xte, ytr, yte = train_test_split(X, torch.tensor(y), test_size=0.25, random_state=0)
mu, sigma = Xtr.mean(), Xtr.std()
Xtr, Xte = (Xtr - mu) / sigma, (Xte - mu) / sigma

svm = LinearSVM(64, 10)
hinge = torch.nn.MultiMarginLoss()
optimizer = torch.optim.SGD(svm.parameters(), lr=0.1, weight_decay=0.3)
n, batch = len(Xtr), 64

for epoch in range(20):
    shuffled = torch.randperm(n)
    loss_sum = 0.0
    for start in range(0, n, batch):
        rows = shuffled[start:start + batch]
        loss = hinge(svm(Xtr[rows]), ytr[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss_sum += loss.item() * len(rows)
    print(f"epoch {epoch + 1}\thinge {loss_sum / n:.4f}")

with torch.no_grad():
    print(f"train {100 * (svm(Xtr).argmax(1) == ytr).float().mean().item():.1f}%")
    print(f"test {100 * (svm(Xte).argmax(1) == yte).float().mean().item():.1f}%")
