import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, Dataset


class DigitDataset(Dataset):
    def __init__(self, indices):
        bunch = load_digits()
        self.pixels = torch.tensor(bunch.data[indices] / 8.0 - 0.6, dtype=torch.float32)
        self.labels = torch.tensor(bunch.target[indices], dtype=torch.long)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return self.pixels[i], self.labels[i]


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden1 = nn.Linear(64, 64)
        self.hidden2 = nn.Linear(64, 64)
        self.output = nn.Linear(64, 10)
        self.prob = nn.Softmax(dim=1)

    def forward(self, x):
        x = torch.relu(self.hidden1(x))
        x = torch.relu(self.hidden2(x))
        return self.prob(self.output(x))


torch.manual_seed(0)
shuffled = torch.randperm(1797).numpy()
train = DataLoader(DigitDataset(shuffled[:1400]), batch_size=64, shuffle=True)
test = DataLoader(DigitDataset(shuffled[1400:]), batch_size=64)

net = Classifier()
nll = nn.NLLLoss()
sgd = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)

for epoch in range(10):
    net.train()
    for x, t in train:
        sgd.zero_grad()
        loss = nll(net(x), t)
        loss.backward()
        sgd.step()
    net.eval()
    right = 0
    with torch.no_grad():
        for x, t in test:
            right += int((net(x).argmax(dim=1) == t).sum())
    print("epoch", epoch, "loss", round(loss.item(), 4), "accuracy", right / len(test.dataset))
