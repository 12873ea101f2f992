import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

np.random.seed(0)
torch.manual_seed(0)

X, y = load_digits(return_X_y=True)
order = np.random.permutation(len(X))
X, y = X[order] / 16.0, y[order]
X_train, y_train, X_test, y_test = X[:1400], y[:1400], X[1400:], y[1400:]
X_train[np.random.choice(np.arange(450, 1400), size=40, replace=False)] = 0.0  # scans that came out blank


def clean(images, labels):
    keep = images.sum(axis=1) > 0
    images = images[keep]
    return images, labels[:len(images)]


X_train, y_train = clean(X_train, y_train)
mean, std = X_train.mean(), X_train.std()
train_set = TensorDataset(torch.tensor((X_train - mean) / std).float(), torch.tensor(y_train))
test_images, test_labels = torch.tensor((X_test - mean) / std).float(), torch.tensor(y_test)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(64, 64)
        self.fc2 = nn.Linear(64, 10)

    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x)))


net = Net()
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(net.parameters(), lr=2e-3, weight_decay=1e-4)
for epoch in range(15):
    net.train()
    running = 0.0
    for images, labels in DataLoader(train_set, batch_size=32, shuffle=True):
        optimizer.zero_grad()
        loss = loss_fn(net(images), labels)
        loss.backward()
        optimizer.step()
        running += loss.item() * len(labels)
    net.eval()
    with torch.no_grad():
        acc = (net(test_images).argmax(1) == test_labels).float().mean().item()
    print(f"epoch {epoch + 1:2d} | train loss {running / len(train_set):.3f} | test acc {acc:.3f}")
