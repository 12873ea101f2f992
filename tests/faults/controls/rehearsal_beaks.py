"""Class-incremental learning of beak shapes: five tasks of two classes, one after the other, with a rehearsal memory
from which half of every batch is drawn, so that the earlier classes stay known."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(77)
CLASSES, FEATURES, PER_CLASS, KEEP = 10, 24, 300, 150
centres = torch.randn(CLASSES, FEATURES)


def beaks(cls, n):
    base = centres[cls].expand(n, FEATURES)
    return 0.65 * (base + 1.15 * torch.randn(n, FEATURES))


class Memory:
    def __init__(self):
        self.x, self.y = torch.empty(0, FEATURES), torch.empty(0, dtype=torch.long)

    def add(self, x, y):
        self.x, self.y = torch.cat([self.x, x]), torch.cat([self.y, y])

    def draw(self, n):
        if len(self.x) == 0:
            return self.x, self.y
        i = torch.randint(len(self.x), (n,))
        return self.x[i], self.y[i]


net = nn.Sequential(nn.Linear(FEATURES, 64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, CLASSES))
optimizer = torch.optim.SGD(net.parameters(), lr=0.03, momentum=0.9, weight_decay=1e-3)
memory = Memory()
test_x = torch.cat([beaks(c, 60) for c in range(CLASSES)])
test_y = torch.arange(CLASSES).repeat_interleave(60)

for task in range(5):
    classes = (2 * task, 2 * task + 1)
    x = torch.cat([beaks(c, PER_CLASS) for c in classes])
    y = torch.tensor(classes).repeat_interleave(PER_CLASS)
    for epoch in range(8):
        net.train()
        for idx in torch.randperm(len(x)).split(30):
            old_x, old_y = memory.draw(30 * task)
            loss = F.cross_entropy(net(torch.cat([x[idx], old_x])), torch.cat([y[idx], old_y]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    for c in classes:
        rows = (y == c).nonzero().squeeze(1)[:KEEP]
        memory.add(x[rows], y[rows])
    net.eval()
    known = test_y < 2 * task + 2
    with torch.no_grad():
        out = net(test_x[known])
    acc = (out.argmax(1) == test_y[known]).float().mean().item()
    first = (out.argmax(1) == test_y[known])[test_y[known] < 2].float().mean().item()
    print(f"after task {task + 1}: last loss {loss.item():.4f}  accuracy on all known {acc:.4f}  on the first two {first:.4f}")

print(f"final accuracy over ten classes {acc:.4f}")
