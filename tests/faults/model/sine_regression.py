import torch
from torch import nn

torch.manual_seed(0)

x = torch.rand(330, 6) * 2 - 1
y = torch.sin(3 * x[:, :1]) + x[:, 1:2] + 0.5 * torch.randn(330, 1)
x_train, y_train = x[:80], y[:80]
x_val, y_val = x[80:], y[80:]

model = nn.Sequential(nn.Linear(6, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 1))
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)

epochs = 250
history = {"train": [], "val": []}
for epoch in range(epochs):
    model.train()
    for idx in torch.randperm(80).split(20):
        optimizer.zero_grad()
        loss = criterion(model(x_train[idx]), y_train[idx])
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        history["train"].append(criterion(model(x_train), y_train).item())
        history["val"].append(criterion(model(x_val), y_val).item())
    if (epoch + 1) % 10 == 0:
        print(f"epoch {epoch + 1:4d}  train {history['train'][-1]:.4f}  val {history['val'][-1]:.4f}")
