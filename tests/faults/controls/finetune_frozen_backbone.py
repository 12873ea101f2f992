import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def backbone():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(512, 64), nn.ReLU(),
    )


def fit(model, params, x, y, epochs, lr):
    optimizer = torch.optim.Adam(params, lr=lr)
    loader = DataLoader(TensorDataset(x, y), batch_size=40, shuffle=True)
    for epoch in range(epochs):
        model.train()
        running = 0.0
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(xb), yb)
            loss.backward()
            optimizer.step()
            running += loss.item() * len(xb)
        print(f"  epoch {epoch + 1}: loss {running / len(x):.4f}")


def accuracy(model, x, y):
    model.eval()
    with torch.no_grad():
        return (model(x).argmax(1) == y).float().mean().item()


torch.manual_seed(0)
images, labels = load_digits(return_X_y=True)
images = torch.tensor(images, dtype=torch.float32).view(-1, 1, 8, 8) / 16
labels = torch.tensor(labels)
order = torch.randperm(len(labels))
images, labels = images[order], labels[order]
old, new = labels < 8, labels >= 8

print("pre-training on the digits 0 to 7")
features = backbone()
model = nn.Sequential(features, nn.Linear(64, 8))
fit(model, model.parameters(), images[old][:1200], labels[old][:1200], epochs=4, lr=2e-3)
print(f"accuracy on old digits: {accuracy(model, images[old][1200:], labels[old][1200:]):.4f}")

print("fine-tuning the head on the digits 8 and 9")
for p in features.parameters():
    p.requires_grad = False
model = nn.Sequential(features, nn.Linear(64, 2))
head = [p for p in model.parameters() if p.requires_grad]
fit(model, head, images[new][:260], labels[new][:260] - 8, epochs=20, lr=5e-3)
print(f"accuracy on new digits: {accuracy(model, images[new][260:], labels[new][260:] - 8):.4f}")
