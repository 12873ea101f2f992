import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(0)
ACCUM_STEPS = 4
EPOCHS = 18

digits = load_digits()
dataset = TensorDataset(torch.tensor(digits.data).float() / 16 - 0.3, torch.tensor(digits.target))
train_set, val_set = random_split(dataset, [1408, 389])
train_loader = DataLoader(train_set, batch_size=16, shuffle=True)
val_loader = DataLoader(val_set, batch_size=389)

net = nn.Sequential(nn.Linear(64, 96), nn.GELU(), nn.Linear(96, 10))
optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=0.01)
loss_fn = nn.CrossEntropyLoss()

for epoch in range(EPOCHS):
    net.train()
    optimizer.zero_grad()
    total = 0.0
    for i, (x, y) in enumerate(train_loader):
        loss = loss_fn(net(x), y) / ACCUM_STEPS
        loss.backward()
        total += loss.item() * ACCUM_STEPS
        if (i + 1) % ACCUM_STEPS == 0:
            optimizer.step()
            optimizer.zero_grad()
    net.eval()
    with torch.no_grad():
        x, y = next(iter(val_loader))
        acc = (net(x).argmax(dim=1) == y).float().mean().item()
    print(f"epoch={epoch} loss={total / len(train_loader):.4f} val_acc={acc:.4f}")
