import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(30)

CONFIG = dict(classes=6, length=48, n_train=2400, n_test=800, batch=48, epochs=8, lr=2e-3, dropout=0.7)


def traces(n, c):
    y = torch.randint(0, c["classes"], (n,))
    t = torch.linspace(0, 1, c["length"])
    f = 2.0 + y.float()[:, None] * 0.7
    x = torch.sin(2 * torch.pi * f * t + 6.28 * torch.rand(n, 1))
    x = x + 0.5 * torch.sin(2 * torch.pi * 12 * t + 6.28 * torch.rand(n, 1)) + 0.6 * torch.randn(n, c["length"])
    return (x / x.std()).unsqueeze(1), y


class ValveCNN(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv1 = nn.Conv1d(1, 16, 7, padding=3)
        self.conv2 = nn.Conv1d(16, 24, 5, padding=2)
        self.fc1 = nn.Linear(24 * (c["length"] // 4), 48)
        self.fc2 = nn.Linear(48, c["classes"])
        self.drop = nn.Dropout(c["dropout"])

    def forward(self, x):
        x = self.drop(F.max_pool1d(F.relu(self.conv1(x)), 2))
        x = self.drop(F.max_pool1d(F.relu(self.conv2(x)), 2))
        x = self.drop(F.relu(self.fc1(x.flatten(1))))
        return self.fc2(x)


def accuracy(model, x, y):
    model.eval()
    with torch.no_grad():
        z = model(x)
    return F.cross_entropy(z, y).item(), (z.argmax(1) == y).float().mean().item()


x_train, y_train = traces(CONFIG["n_train"], CONFIG)
x_test, y_test = traces(CONFIG["n_test"], CONFIG)
model = ValveCNN(CONFIG)
optimizer = torch.optim.AdamW(model.parameters(), lr=CONFIG["lr"], weight_decay=0.01)
scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.1, total_iters=CONFIG["epochs"])

for epoch in range(CONFIG["epochs"]):
    model.train()
    for idx in torch.randperm(len(x_train)).split(CONFIG["batch"]):
        loss = F.cross_entropy(model(x_train[idx]), y_train[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    scheduler.step()
    train_loss, train_acc = accuracy(model, x_train, y_train)
    test_loss, test_acc = accuracy(model, x_test, y_test)
    print(f"epoch {epoch}: train loss {train_loss:.3f} acc {train_acc:.3f} / test loss {test_loss:.3f} acc {test_acc:.3f}")

print(f"accuracy: {test_acc:.4f}")
