"""Small conv net for 8x8 meter digits; labels come from the annotation pool, a gold set is kept for testing."""
import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

SEED = 21
EPOCHS = 10
BATCH = 50
torch.manual_seed(SEED)


class AnnotationPool:
    def __init__(self, n_workers, skill, seed):
        self.rng = np.random.RandomState(seed)
        self.n_workers = n_workers
        self.skill = skill

    def collect(self, gold):
        worker = self.rng.randint(self.n_workers, size=len(gold))
        careful = self.rng.uniform(size=len(gold)) < np.asarray(self.skill)[worker]
        guess = self.rng.randint(0, 10, size=len(gold))
        return np.where(careful, gold, guess)


def batches(x, y, size):
    order = torch.randperm(len(x))
    for i in range(0, len(x), size):
        idx = order[i:i + size]
        yield x[idx], y[idx]


digits = load_digits()
images = digits.images.astype("float32") / 8.0 - 1.0
x_train, x_gold, y_train, y_gold = train_test_split(
    images, digits.target, test_size=0.3, stratify=digits.target, random_state=SEED)
pool = AnnotationPool(n_workers=4, skill=[0.65, 0.45, 0.55, 0.2], seed=SEED)
labels = pool.collect(y_train)

x_train, x_gold = torch.from_numpy(x_train)[:, None], torch.from_numpy(x_gold)[:, None]
y_train, y_gold = torch.as_tensor(labels), torch.as_tensor(y_gold)

net = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(),
    nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(32 * 16, 64), nn.ReLU(), nn.Linear(64, 10))
loss_fn = nn.CrossEntropyLoss()
optim = torch.optim.SGD(net.parameters(), lr=0.03, momentum=0.9, weight_decay=5e-4)

for epoch in range(EPOCHS):
    net.train()
    total = correct = 0
    for xb, yb in batches(x_train, y_train, BATCH):
        logits = net(xb)
        loss = loss_fn(logits, yb)
        optim.zero_grad()
        loss.backward()
        optim.step()
        total += loss.item() * len(xb)
        correct += (logits.argmax(1) == yb).sum().item()
    net.eval()
    with torch.no_grad():
        gold_logits = net(x_gold)
    gold_acc = (gold_logits.argmax(1) == y_gold).float().mean().item()
    print(f"epoch {epoch + 1:02d} loss {total / len(x_train):.3f} acc {correct / len(x_train):.3f} "
          f"gold loss {loss_fn(gold_logits, y_gold).item():.3f} gold acc {gold_acc:.4f}")
print(f"gold accuracy {gold_acc:.4f}")
