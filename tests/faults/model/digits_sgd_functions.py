import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)

X, y = load_digits(return_X_y=True)
X = (X / 16 - 0.3).astype("float32")
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=9)
train_set = TensorDataset(torch.from_numpy(X_train), torch.from_numpy(y_train))
test_set = TensorDataset(torch.from_numpy(X_test), torch.from_numpy(y_test))
train_loader = DataLoader(train_set, batch_size=32, shuffle=True)
test_loader = DataLoader(test_set, batch_size=32)

model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)


def train_one_epoch():
    model.train()
    running = 0.0
    for x, t in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x), t) / len(train_loader)
        loss.backward()
        optimizer.step()
        running += loss.item()
    return running


@torch.no_grad()
def test():
    model.eval()
    return sum((model(x).argmax(1) == t).sum().item() for x, t in test_loader) / len(test_set)


for epoch in range(1, 16):
    running = train_one_epoch()
    print(f"epoch {epoch:02d} - loss {running:.4f} - test accuracy {test():.4f}")
