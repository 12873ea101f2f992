import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)


class Net(nn.Module):
    def __init__(self, p=0.9):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(64, 96), nn.ReLU(), nn.Dropout(p),
            nn.Linear(96, 64), nn.ReLU(), nn.Dropout(p),
        )
        self.head = nn.Linear(64, 10)

    def forward(self, x):
        return self.head(self.body(x))


def load(batch_size):
    X, y = load_digits(return_X_y=True)
    X = torch.tensor(X / 8.0 - 1.0, dtype=torch.float32)
    y = torch.tensor(y)
    idx_train, idx_test = train_test_split(range(len(y)), test_size=0.2, random_state=11, stratify=y)
    train = TensorDataset(X[idx_train], y[idx_train])
    return DataLoader(train, batch_size=batch_size, shuffle=True), X[idx_test], y[idx_test]


train_loader, X_test, y_test = load(64)
net = Net()
loss_function = nn.CrossEntropyLoss()
optimizer = torch.optim.RMSprop(net.parameters(), lr=1e-3)
for epoch in range(20):
    net.train()
    seen = running = 0
    for data, target in train_loader:
        optimizer.zero_grad()
        loss = loss_function(net(data), target)
        loss.backward()
        optimizer.step()
        running += loss.item() * len(data)
        seen += len(data)
    net.eval()
    with torch.no_grad():
        logits = net(X_test)
        test_loss = loss_function(logits, y_test).item()
        test_acc = (logits.argmax(1) == y_test).sum().item() / len(y_test)
    print("Epoch %02d  train loss %.3f  test loss %.3f  test acc %.1f%%" % (epoch, running / seen, test_loss, 100 * test_acc))
