import torch
from torch import nn
from torch.utils.data import TensorDataset, DataLoader

torch.manual_seed(31)
EPOCHS = 10
BATCH = 40
L2 = 0.08


def floes(n, gen):
    """16x16 radar chips: thickness class 0-4 shows in the spacing of the ridges."""
    y = torch.arange(n) % 5
    y = y[torch.randperm(n, generator=gen)]
    ii, jj = torch.meshgrid(torch.arange(16.0), torch.arange(16.0), indexing="ij")
    theta = torch.rand(n, 1, 1, generator=gen) * 3.14159
    phase = torch.rand(n, 1, 1, generator=gen) * 6.28318
    k = (0.55 + 0.3 * y).view(n, 1, 1)
    chips = torch.sin(k * (ii * theta.cos() + jj * theta.sin()) + phase)
    chips = chips + 1.1 * torch.randn(n, 16, 16, generator=gen)
    chips = (chips - chips.mean()) / chips.std()
    return chips.unsqueeze(1), y


gen = torch.Generator().manual_seed(31)
train_x, train_y = floes(2000, gen)
test_x, test_y = floes(500, gen)
loader = DataLoader(TensorDataset(train_x, train_y), batch_size=BATCH, shuffle=True)

model = nn.Sequential(
    nn.Conv2d(1, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Dropout(0.2), nn.Linear(32 * 16, 5),
)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
loss_fn = nn.CrossEntropyLoss()

for epoch in range(EPOCHS):
    model.train()
    seen, data_loss = 0, 0.0
    for xb, yb in loader:
        loss = loss_fn(model(xb), yb)
        penalty = sum(p.pow(2).sum() for p in model.parameters())
        optimizer.zero_grad()
        (loss + L2 * penalty).backward()
        optimizer.step()
        data_loss += loss.item() * len(xb)
        seen += len(xb)
    model.eval()
    with torch.no_grad():
        logits = model(test_x)
        test_loss = loss_fn(logits, test_y).item()
        acc = (logits.argmax(1) == test_y).float().mean().item()
    print("epoch", epoch, "train", round(data_loss / seen, 4), "test", round(test_loss, 4), "acc", round(acc, 4))

print("test acc:", round(acc, 4))
