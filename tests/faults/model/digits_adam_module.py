import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(0)
torch.set_printoptions(precision=4)


class Classifier(nn.Module):
    def __init__(self, n_hidden=64):
        super().__init__()
        self.l1 = nn.Linear(64, n_hidden)
        self.l2 = nn.Linear(n_hidden, n_hidden)
        self.l3 = nn.Linear(n_hidden, 10)
        self.reset()

    def reset(self):
        for layer in (self.l1, self.l2):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.uniform_(layer.bias, -10.0, 0.0)

    def forward(self, x):
        x = F.relu(self.l1(x))
        x = F.relu(self.l2(x))
        return self.l3(x)


digits = load_digits()
x = torch.tensor(digits.data).float()
x = (x - x.mean()) / x.std()
y = torch.tensor(digits.target)
train, test = random_split(TensorDataset(x, y), [1400, 397])
train_loader = DataLoader(train, batch_size=50, shuffle=True)
test_loader = DataLoader(test, batch_size=397)

net = Classifier()
opt = torch.optim.Adam(net.parameters(), lr=5e-4)
EPOCHS = 16
for epoch in range(EPOCHS):
    net.train()
    losses = []
    for xb, yb in train_loader:
        opt.zero_grad()
        loss = F.cross_entropy(net(xb), yb)
        loss.backward()
        opt.step()
        losses.append(loss.detach())
    net.eval()
    with torch.no_grad():
        xb, yb = next(iter(test_loader))
        acc = (net(xb).argmax(1) == yb).float().mean()
    print("Epoch", epoch, "Loss:", torch.stack(losses).mean().item(), "Accuracy:", acc.item())
