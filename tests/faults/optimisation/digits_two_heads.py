"""One trunk, two questions about a digit: which is it, and how much ink does it hold?"""
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset

EPOCHS, BATCH = 20, 40


class TwoHeads(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 24), nn.ReLU())
        self.digit = nn.Linear(24, 10)
        self.ink = nn.Linear(24, 1)

    def forward(self, x):
        h = self.trunk(x)
        return self.digit(h), self.ink(h)


torch.manual_seed(0)
bunch = load_digits()
x = torch.tensor(bunch.data / 16.0, dtype=torch.float32)
ink = x.mean(dim=1, keepdim=True)
ink = (ink - ink.mean()) / ink.std()
x = (x - x.mean()) / x.std()
everything = TensorDataset(x, torch.tensor(bunch.target), ink)
train_set, test_set = torch.utils.data.random_split(everything, [1400, 397])
train_loader = DataLoader(train_set, batch_size=BATCH, shuffle=True)
test_loader = DataLoader(test_set, batch_size=397)

net = TwoHeads()
optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
ce, mse = nn.CrossEntropyLoss(), nn.MSELoss()

for epoch in range(EPOCHS):
    net.train()
    sum_ce, sum_mse = 0.0, 0.0
    for xb, digit, amount in train_loader:
        optimizer.zero_grad()
        logits, guess = net(xb)
        loss_digit = ce(logits, digit)
        loss_digit.backward(retain_graph=True)
        net.zero_grad()
        loss_ink = mse(guess, amount)
        loss_ink.backward()
        optimizer.step()
        sum_ce += loss_digit.item()
        sum_mse += loss_ink.item()
    n = len(train_loader)
    print(f"epoch {epoch:2d}   digit loss {sum_ce / n:.3f}   ink loss {sum_mse / n:.3f}")

net.eval()
with torch.no_grad():
    for xb, digit, amount in test_loader:
        logits, guess = net(xb)
        print(f"test: digit accuracy {(logits.argmax(1) == digit).float().mean():.3f}, ink mse {mse(guess, amount):.3f}")
