import torch
import torch.nn as nn
from sklearn.datasets import load_wine
from sklearn.model_selection import StratifiedShuffleSplit

torch.manual_seed(2)
wine = load_wine()
split = StratifiedShuffleSplit(n_splits=1, test_size=0.3, random_state=2)
train_idx, test_idx = next(split.split(wine.data, wine.target))

X = torch.tensor(wine.data, dtype=torch.float32)
y = torch.tensor(wine.target, dtype=torch.long)
mu, sigma = X[train_idx].mean(0), X[train_idx].std(0)
X = (X - mu) / sigma
X_train, y_train, X_test, y_test = X[train_idx], y[train_idx], X[test_idx], y[test_idx]


class WineNet(nn.Module):
    def __init__(self):
        super(WineNet, self).__init__()
        self.fc1 = nn.Linear(13, 12)
        self.fc2 = nn.Linear(12, 3)

    def forward(self, x):
        x = torch.sigmoid(self.fc1(x))
        return self.fc2(x)


net = WineNet()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.RMSprop(net.parameters(), lr=0.01, weight_decay=1e-3)

for epoch in range(150):
    net.train()
    out = net(X_train)
    loss = criterion(out, y_train)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()

    if (epoch + 1) % 15 == 0:
        net.eval()
        with torch.no_grad():
            test_out = net(X_test)
            acc = (test_out.argmax(1) == y_test).float().mean()
        print("Epoch [{}/150], Loss: {:.4f}, Test loss: {:.4f}, Accuracy: {:.3f}".format(
            epoch + 1, loss.item(), criterion(test_out, y_test).item(), acc.item()))
