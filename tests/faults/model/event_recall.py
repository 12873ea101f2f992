"""A plain recurrent net with ReLU units must report which of six events came early in a long noisy stream."""
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(2)
LENGTH, EVENTS = 40, 6


def streams(n):
    kind = torch.randint(EVENTS, (n,))
    x = 0.25 * torch.randn(n, LENGTH, EVENTS + 1)
    when = torch.randint(0, 15, (n,))
    x[torch.arange(n), when, kind] += 2.0
    x[torch.arange(n), when, EVENTS] += 2.0
    return x, kind


class StreamRNN(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.inp = nn.Linear(EVENTS + 1, hidden)
        self.rec = nn.Linear(hidden, hidden, bias=False)
        self.out = nn.Linear(hidden, EVENTS)
        nn.init.eye_(self.rec.weight)

    def forward(self, x):
        h = x.new_zeros(len(x), self.rec.in_features)
        for t in range(x.shape[1]):
            h = torch.relu(self.inp(x[:, t]) + self.rec(h))
        return self.out(h)


def fit(model, loader, epochs, lr):
    opt = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(opt, epochs)
    loss_fn = nn.CrossEntropyLoss()
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for x, y in loader:
            opt.zero_grad()
            loss = loss_fn(model(x), y)
            loss.backward()
            opt.step()
            total += loss.item()
        schedule.step()
        print(f"epoch {epoch + 1}: {total / len(loader):.4f}")


def accuracy(model, x, y):
    model.eval()
    with torch.no_grad():
        return (model(x).argmax(1) == y).float().mean().item()


train_x, train_y = streams(2500)
test_x, test_y = streams(600)
net = StreamRNN()
fit(net, DataLoader(TensorDataset(train_x, train_y), batch_size=50, shuffle=True), epochs=12, lr=0.01)
print(f"accuracy: {accuracy(net, test_x, test_y):.4f}")
