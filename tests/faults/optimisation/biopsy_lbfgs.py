import torch
from torch import nn
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

torch.manual_seed(0)

X, y = load_breast_cancer(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, stratify=y, random_state=0)
scaler = StandardScaler().fit(X_train)
X_train = torch.tensor(scaler.transform(X_train), dtype=torch.float32)
X_test = torch.tensor(scaler.transform(X_test), dtype=torch.float32)
y_train = torch.tensor(y_train, dtype=torch.float32)
y_test = torch.tensor(y_test, dtype=torch.float32)


class Logistic(nn.Module):
    """Logistic regression with a ridge penalty."""

    def __init__(self, n_features, ridge=5e-3):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_features) * 0.1)
        self.bias = nn.Parameter(torch.zeros(()))
        self.ridge = ridge

    def forward(self, x):
        return x @ self.weight + self.bias

    def objective(self, x, y):
        nll = nn.functional.binary_cross_entropy_with_logits(self(x), y)
        return nll + self.ridge * self.weight.pow(2).sum()


model = Logistic(X_train.shape[1])
optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=4, history_size=10)

for step in range(80):
    def closure():
        optimizer.zero_grad()
        loss = model.objective(X_train, y_train)
        return loss

    loss = optimizer.step(closure)
    if step % 10 == 0:
        print(f"step {step:3d}  objective {loss.item():.5f}")

with torch.no_grad():
    logits = model(X_test)
accuracy = ((logits > 0) == (y_test > 0.5)).float().mean().item()
test_nll = nn.functional.binary_cross_entropy_with_logits(logits, y_test).item()
print(f"test nll {test_nll:.4f}")
print(f"test accuracy {accuracy:.4f}")
