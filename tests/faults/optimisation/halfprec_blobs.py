import torch
from sklearn.datasets import make_blobs
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

device = "cuda" if torch.cuda.is_available() else "cpu"
use_amp = device == "cuda"
torch.manual_seed(100)

points, group = make_blobs(n_samples=2000, centers=8, n_features=6, cluster_std=3.4, random_state=12)
x_train, x_test, y_train, y_test = train_test_split(points, group, test_size=0.25, random_state=3)
centre, spread = x_train.mean(axis=0), x_train.std(axis=0)
x_train = torch.tensor((x_train - centre) / spread, dtype=torch.float32)
x_test = torch.tensor((x_test - centre) / spread, dtype=torch.float32)
y_train, y_test = torch.tensor(y_train), torch.tensor(y_test)
loader = DataLoader(TensorDataset(x_train, y_train), batch_size=50, shuffle=True)

model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 8)).to(device)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
scaler = torch.amp.GradScaler(device, enabled=use_amp)
epochs = 10

for epoch in range(epochs):
    model.train()
    running_loss, hits = 0.0, 0
    for inputs, targets in loader:
        inputs, targets = inputs.to(device), targets.to(device)
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(device_type=device, enabled=use_amp):
            outputs = model(inputs)
            loss = criterion(outputs, targets)
        scaler.scale(loss)
        scaler.step(optimizer)
        scaler.update()
        running_loss += loss.item() * len(targets)
        hits += (outputs.argmax(1) == targets).sum().item()
    print(f"epoch {epoch + 1}: loss {running_loss / len(x_train):.4f} acc {hits / len(x_train):.4f}")

model.eval()
with torch.no_grad():
    predictions = model(x_test.to(device)).argmax(1).cpu()
print("test accuracy %.4f" % (predictions == y_test).float().mean().item())
