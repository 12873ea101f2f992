import torch
from sklearn.datasets import make_blobs
from torch import nn

EPOCHS = 10
BATCH_SIZE = 30

torch.manual_seed(0)
X, y = make_blobs(n_samples=1200, centers=[[-3, 0], [3, 0], [0, 4]], cluster_std=0.9, random_state=0)
X = torch.tensor((X - X.mean(0)) / X.std(0), dtype=torch.float32)
y = torch.tensor(y)
train_x, train_y, test_x, test_y = X[:900], y[:900], X[900:], y[900:]

model = nn.Linear(2, 3)
print(sum(p.numel() for p in model.parameters()), "parameters")
optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
for epoch in range(EPOCHS):
    for idx in torch.randperm(900).split(BATCH_SIZE):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(train_x[idx]), train_y[idx])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        acc = (model(test_x).argmax(1) == test_y).float().mean().item()
    print("epoch {:2d}  loss {:.4f}  acc {:.4f}".format(epoch + 1, loss.item(), acc))
