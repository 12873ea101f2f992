import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(0)
device = "cuda" if torch.cuda.is_available() else "cpu"

digits = load_digits()
images = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1)
images = (images - images.mean()) / images.std()
train_set, test_set = random_split(TensorDataset(images, torch.tensor(digits.target)), [1440, 357])
train_loader = DataLoader(train_set, batch_size=48, shuffle=True)
test_loader = DataLoader(test_set, batch_size=119)

model = nn.Sequential(
    nn.Conv2d(1, 12, 3), nn.ReLU(),
    nn.Conv2d(12, 24, 3, stride=2), nn.ReLU(),
    nn.Flatten(), nn.Linear(24 * 2 * 2, 32), nn.ReLU(), nn.Linear(32, 10),
).to(device)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
scaler = torch.amp.GradScaler(device, init_scale=256.0)

for epoch in range(10):
    model.train()
    total_loss = 0.0
    for inputs, targets in train_loader:
        inputs, targets = inputs.to(device), targets.to(device)
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(device_type=device, dtype=torch.bfloat16):
            outputs = model(inputs)
            loss = criterion(outputs, targets)
        scaler.scale(loss).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        scaler.step(optimizer)
        scaler.update()
        total_loss += loss.item()
    print(f"epoch {epoch + 1:2d}  loss {total_loss / len(train_loader):.4f}  scale {scaler.get_scale():.0f}")

model.eval()
correct = 0
with torch.no_grad():
    for inputs, targets in test_loader:
        correct += (model(inputs.to(device)).argmax(1).cpu() == targets).sum().item()
print(f"accuracy on {len(test_set)} test images: {100 * correct / len(test_set):.1f} %")
