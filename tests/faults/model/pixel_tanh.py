import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedShuffleSplit
from sklearn.preprocessing import StandardScaler


class Net(nn.Module):
    def __init__(self, n_in, n_hidden, n_out):
        super(Net, self).__init__()
        self.fc1 = nn.Linear(n_in, n_hidden)
        self.fc2 = nn.Linear(n_hidden, n_hidden)
        self.fc3 = nn.Linear(n_hidden, n_out)
        self.reset()

    def reset(self):
        for layer in (self.fc1, self.fc2, self.fc3):
            nn.init.uniform_(layer.weight, -1.0, 1.0)
            nn.init.zeros_(layer.bias)

    def forward(self, x):
        x = torch.tanh(self.fc1(x))
        x = torch.tanh(self.fc2(x))
        return self.fc3(x)


def load_data(seed):
    X, y = load_digits(return_X_y=True)
    train_idx, test_idx = next(StratifiedShuffleSplit(1, test_size=0.25, random_state=seed).split(X, y))
    scaler = StandardScaler().fit(X[train_idx])
    tensors = [torch.tensor(scaler.transform(X[i]), dtype=torch.float32) for i in (train_idx, test_idx)]
    return tensors[0], torch.tensor(y[train_idx]), tensors[1], torch.tensor(y[test_idx])


def train(net, X, y, X_test, y_test, epochs=12, batch=32, lr=0.05):
    criterion = nn.CrossEntropyLoss()
    opt = torch.optim.SGD(net.parameters(), lr=lr, momentum=0.8, nesterov=True, weight_decay=1e-3)
    n_batches = (len(X) + batch - 1) // batch
    for ep in range(epochs):
        net.train()
        running = 0.0
        for idx in torch.randperm(len(X)).split(batch):
            opt.zero_grad()
            loss = criterion(net(X[idx]), y[idx])
            loss.backward()
            opt.step()
            running += loss.item()
        net.eval()
        with torch.no_grad():
            out = net(X_test)
            acc = (out.argmax(dim=1) == y_test).float().mean().item()
            test_loss = criterion(out, y_test).item()
        print("Epoch %d - train loss: %.4f - test loss: %.4f - test acc: %.4f" % (ep + 1, running / n_batches, test_loss, acc))
    return acc


torch.manual_seed(99)
data = load_data(99)
network = Net(64, 64, 10)
print("Accuracy: %.4f" % train(network, *data))
