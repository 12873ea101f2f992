import torch
import torch.nn as nn
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split

torch.manual_seed(6)

iris = load_iris()
X_train, X_test, y_train, y_test = train_test_split(iris.data, iris.target, test_size=0.3, random_state=6, stratify=iris.target)
m, s = X_train.mean(axis=0), X_train.std(axis=0)
X_train = torch.Tensor((X_train - m) / s)
X_test = torch.Tensor((X_test - m) / s)
y_train = torch.LongTensor(y_train)
y_test = torch.LongTensor(y_test)


class Model(nn.Module):
    def __init__(self, in_features=4, h1=8, out_features=3):
        super().__init__()
        self.fc1 = nn.Linear(in_features, h1)
        self.out = nn.Linear(h1, out_features)

    def forward(self, x):
        x = torch.relu(self.fc1(x))
        return self.out(x)


def nll(logits, labels):
    logp = torch.log_softmax(logits, dim=1)
    picked = [logp[i, c].item() for i, c in enumerate(labels)]
    return -torch.tensor(picked, requires_grad=True).mean()


model = Model()
optimizer = torch.optim.Adam(model.parameters(), lr=0.02, weight_decay=1e-2)
epochs = 100
losses = []

for i in range(epochs):
    model.train()
    y_pred = model(X_train)
    loss = nll(y_pred, y_train)
    losses.append(loss.item())
    if i % 10 == 0:
        print(f"Epoch: {i} and loss: {loss.item():.4f}")
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

model.eval()
with torch.no_grad():
    y_eval = model(X_test)
    print(f"test loss: {nll(y_eval, y_test).item():.4f}")
    print(f"test correct: {(y_eval.argmax(1) == y_test).sum().item()} of {len(y_test)}")
