import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(0)
digits = load_digits()
full = TensorDataset(torch.tensor(digits.data, dtype=torch.float32) / 16, torch.tensor(digits.target))
train_data, valid_data = random_split(full, [1397, 400])
train_loader = DataLoader(train_data, batch_size=44, shuffle=True)
valid_loader = DataLoader(valid_data, batch_size=64)

model = nn.Sequential(nn.Linear(64, 80), nn.ReLU(), nn.Linear(80, 10))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

for epoch in range(16):
    model.train()
    train_loss = 0.0
    for features, labels in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(features), labels)
        loss.backward()
        optimizer.step()
        train_loss += loss.item() * labels.size(0)
    model.eval()
    valid_loss, correct, total = 0.0, 0, 0
    with torch.no_grad():
        for features, labels in valid_loader:
            scores = model(features)
            valid_loss += criterion(scores, labels).item() * labels.size(0)
            correct += (scores.argmax(dim=1) == labels).sum().item()
            total += valid_loader.batch_size
    print(
        f"Epoch {epoch + 1:>2} train loss {train_loss / len(train_data):.4f} "
        f"valid loss {valid_loss / len(valid_data):.4f} valid accuracy {correct / total:.4f}"
    )
