import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)

X, y = load_digits(return_X_y=True)
X = (X - X.mean()) / X.std()
X_train, X_test, y_train, y_test = (torch.tensor(a) for a in train_test_split(X, y, test_size=0.25, random_state=0))

model = nn.Linear(64, 10)
optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=1, history_size=5)
penalty = 1e-2


def closure():
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(X_train), y_train) + penalty * model.weight.pow(2).sum()
    loss.backward()
    return loss


for step in range(1, 121):
    loss = optimizer.step(closure)
    if step % 20 == 0:
        with torch.no_grad():
            acc = (model(X_test).argmax(1) == y_test).double().mean().item()
        print(f"step {step:3d} objective {loss.item():.5f} test accuracy {acc:.4f}")
