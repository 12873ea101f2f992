import numpy as np
import torch
import torch.nn as nn
from sklearn.metrics import balanced_accuracy_score, confusion_matrix

torch.manual_seed(4)
rng = np.random.default_rng(4)
NAMES = ["sound", "pore", "crack"]
SHARE = [0.93, 0.04, 0.03]


def joints(n):
    """Ten numbers per weld from the ultrasonic bench: echo energies, widths and delays."""
    kind = rng.choice(3, size=n, p=SHARE)
    x = rng.normal(size=(n, 10))
    x[kind == 1, :4] += 0.85
    x[kind == 2, 3:7] -= 0.95
    x[:, 7] = 0.6 * x[:, 7] + 0.8 * x[:, 0] * x[:, 1]
    return x, kind


train_x, train_y = joints(4000)
valid_x, valid_y = joints(3000)
mu, sd = train_x.mean(0), train_x.std(0)
train_x, valid_x = (torch.tensor((x - mu) / sd, dtype=torch.float32) for x in (train_x, valid_x))
train_y, valid_y = torch.tensor(train_y), torch.tensor(valid_y)

model = nn.Sequential(nn.Linear(10, 12), nn.Tanh(), nn.Linear(12, 3))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9, weight_decay=2e-3)

batch = 100
for epoch in range(8):
    model.train()
    shuffled = torch.randperm(len(train_x))
    running = 0.0
    for b in range(0, len(train_x), batch):
        rows = shuffled[b:b + batch]
        optimizer.zero_grad()
        loss = criterion(model(train_x[rows]), train_y[rows])
        loss.backward()
        optimizer.step()
        running += loss.item()
    model.eval()
    with torch.no_grad():
        out = model(valid_x)
        guess = out.argmax(1)
    accuracy = (guess == valid_y).float().mean()
    print(f"epoch {epoch + 1}  loss {running / (len(train_x) / batch):.4f}  valid loss {criterion(out, valid_y).item():.4f}  accuracy {accuracy:.4f}")

print(confusion_matrix(valid_y, guess))
print(f"balanced accuracy {balanced_accuracy_score(valid_y, guess):.4f}")
