import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

torch.manual_seed(0)

images, labels = load_digits(return_X_y=True)
images = torch.tensor((images - 4.9) / 6.0, dtype=torch.float32)
labels = torch.tensor(labels)
train_x, test_x, train_y, test_y = train_test_split(images, labels, test_size=0.25, random_state=8)

n_classes = int(labels.max())


def one_hot(y):
    return (y.unsqueeze(1) == torch.arange(n_classes)).float()


def soft_cross_entropy(logits, targets):
    return -(targets * logits.log_softmax(dim=1)).sum(dim=1).mean()


model = nn.Sequential(nn.Linear(64, 50), nn.ReLU(), nn.Linear(50, n_classes))
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

for epoch in range(12):
    perm = torch.randperm(len(train_x))
    total = 0.0
    for chunk in perm.split(32):
        loss = soft_cross_entropy(model(train_x[chunk]), one_hot(train_y[chunk]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(chunk)
    with torch.no_grad():
        accuracy = (model(test_x).argmax(dim=1) == test_y).float().mean().item()
    print(f"{epoch:02d}  loss={total / len(train_x):.4f}  test={accuracy:.4f}")
