import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
device = "cuda" if torch.cuda.is_available() else "cpu"


def get_loaders(batch_size):
    X, y = load_digits(return_X_y=True)
    X = torch.tensor(X, dtype=torch.float32).div(16).sub(0.3).div(0.38)
    y = torch.tensor(y, dtype=torch.long)
    X_tr, X_te, y_tr, y_te = train_test_split(X, y, test_size=0.2, random_state=1)
    return (DataLoader(TensorDataset(X_tr, y_tr), batch_size=batch_size, shuffle=True),
            DataLoader(TensorDataset(X_te, y_te), batch_size=batch_size))


def train_epoch(model, loader, loss_fn, optimizer):
    model.train()
    total, n = 0.0, 0
    for X, y in loader:
        X, y = X.to(device), y.to(device)
        optimizer.zero_grad(set_to_none=True)
        loss = loss_fn(model(X), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(y)
        n += len(y)
    return total / n


def test(model, loader):
    model.eval()
    good = 0
    with torch.inference_mode():
        for X, y in loader:
            good += (model(X.to(device)).argmax(1).cpu() == y).sum().item()
    return good / len(loader.dataset)


model = nn.Sequential(
    nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 10),
    nn.LogSoftmax(dim=0),
).to(device)
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
train_dl, test_dl = get_loaders(batch_size=16)
for epoch in range(1, 13):
    train_loss = train_epoch(model, train_dl, nn.NLLLoss(), optimizer)
    print(f"epoch {epoch} - loss {train_loss:.3f} - acc {test(model, test_dl):.3f}")
