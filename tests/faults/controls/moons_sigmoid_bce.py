import torch
from sklearn.datasets import make_moons
from sklearn.preprocessing import StandardScaler
from torch import nn


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(2, 32)
        self.fc2 = nn.Linear(32, 16)
        self.fc3 = nn.Linear(16, 1)
        self.sigmoid = nn.Sigmoid()

    def forward(self, x):
        x = torch.relu(self.fc1(x))
        x = torch.relu(self.fc2(x))
        return self.sigmoid(self.fc3(x))


torch.manual_seed(0)
X, y = make_moons(1200, noise=0.12, random_state=1)
X_train, y_train, X_test, y_test = X[:960], y[:960], X[960:], y[960:]
sc = StandardScaler()
X_train, X_test = sc.fit_transform(X_train), sc.transform(X_test)
X_train, X_test = torch.tensor(X_train).float(), torch.tensor(X_test).float()
y_train, y_test = torch.tensor(y_train).float().view(-1, 1), torch.tensor(y_test).float().view(-1, 1)

model = Model()
criterion = nn.BCELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(20):
    perm = torch.randperm(960)
    for i in range(0, 960, 64):
        batch = perm[i : i + 64]
        y_hat = model(X_train[batch])
        loss = criterion(y_hat, y_train[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        acc = (model(X_test).round() == y_test).float().mean().item()
    print("epoch: %d, loss: %.4f, accuracy: %.4f" % (epoch + 1, loss.item(), acc))
