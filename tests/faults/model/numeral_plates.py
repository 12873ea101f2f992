import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.fc1 = nn.Linear(64, 64)
        self.fc2 = nn.Linear(64, 32)
        self.fc3 = nn.Linear(32, 10)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return F.log_softmax(self.fc3(x), dim=1)


def train(model, x, y, optimizer, epoch):
    model.train()
    perm = torch.randperm(len(x))
    for k in range(0, len(x), 32):
        idx = perm[k:k + 32]
        optimizer.zero_grad()
        loss = F.nll_loss(model(x[idx]), y[idx])
        loss.backward()
        optimizer.step()
        if k % 640 == 0:
            print("Train Epoch: {} [{}/{}]\tLoss: {:.6f}".format(epoch, k, len(x), loss.item()))


def test(model, x, y):
    model.eval()
    with torch.no_grad():
        out = model(x)
        loss = F.nll_loss(out, y).item()
        acc = 100.0 * (out.argmax(1) == y).float().mean().item()
    print("Test set: average loss {:.4f}, accuracy {:.2f}%".format(loss, acc))


def main():
    torch.manual_seed(1)
    x, y = load_digits(return_X_y=True)
    xtr, xte, ytr, yte = train_test_split(x / 16.0, y, test_size=0.25, random_state=1)
    xtr, xte = torch.tensor(xtr).float(), torch.tensor(xte).float()
    ytr, yte = torch.tensor(ytr), torch.tensor(yte)
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.8)
    for epoch in range(1, 4 + 1):
        train(model, xtr, ytr, optimizer, epoch)
        test(model, xte, yte)


if __name__ == "__main__":
    main()
