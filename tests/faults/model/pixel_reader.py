import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

torch.manual_seed(42)
digits = load_digits()
images = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1)
labels = torch.tensor(digits.target)
tr, te = train_test_split(range(len(labels)), test_size=0.25, random_state=42, stratify=digits.target)
mean, std = images[tr].mean(), images[tr].std()
images = (images - mean) / std

model = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1),
    nn.ReLU(),
    nn.Conv2d(16, 24, 3, padding=1),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Dropout2d(0.2),
    nn.Flatten(),
    nn.Linear(24 * 16, 64),
    nn.ReLU(),
    nn.Dropout(0.4),
    nn.Linear(64, 10),
)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)
train_set = torch.utils.data.TensorDataset(images[tr], labels[tr])
train_loader = torch.utils.data.DataLoader(train_set, batch_size=64, shuffle=True)

epochs = 14
for epoch in range(epochs):
    model.train()
    train_loss = 0.0
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        train_loss += loss.item() * x.size(0)

    model.eval
    with torch.no_grad():
        logits = model(images[te])
        test_loss = criterion(logits, labels[te]).item()
        errors = (logits.argmax(dim=1) != labels[te]).float().mean().item()
    print(f"Epoch {epoch + 1}/{epochs}  train loss {train_loss / len(train_set):.4f}  "
          f"test loss {test_loss:.4f}  test error {100 * errors:.2f}%")

print(f"Final test error: {100 * errors:.2f}%")
