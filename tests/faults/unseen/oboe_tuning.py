"""Reed maker's notebook: predict the tuning offset (cents) and response from measures of the reed."""
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(17)
torch.set_num_threads(1)


def mlp(sizes, act=nn.ReLU):
    layers = []
    for a, b in zip(sizes[:-1], sizes[1:]):
        layers += [nn.Linear(a, b), act()]
    return nn.Sequential(*layers)


def reeds(n):
    x = torch.randn(n, 6)          # tip, heart, back, opening, gouge, density
    offset = 9 * x[:, 0] - 6 * torch.tanh(x[:, 1] * 1.5) + 4 * x[:, 3] * x[:, 2]
    response = 0.8 * x[:, 4] + 0.5 * torch.cos(2 * x[:, 5]) - 0.3 * x[:, 0] * x[:, 4]
    y = torch.stack([offset, response], 1)
    return x, y + torch.randn_like(y) * torch.tensor([1.5, 0.1])


x, y = reeds(3000)
y = (y - y[:2400].mean(0)) / y[:2400].std(0)
data = TensorDataset(x, y)
train_set, test_set = random_split(data, [2400, 600])
train_loader = DataLoader(train_set, batch_size=60, shuffle=True)
test_loader = DataLoader(test_set, batch_size=600)

model = mlp([6, 64, 64, 2])
optimizer = optim.RMSprop(model.parameters(), lr=1.5e-3)
scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=12, gamma=0.3)
huber = nn.SmoothL1Loss()

for epoch in range(30):
    model.train()
    losses = []
    for xb, yb in train_loader:
        optimizer.zero_grad()
        loss = huber(model(xb), yb)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    scheduler.step()
    if epoch % 6 == 5:
        model.eval()
        with torch.no_grad():
            xt, yt = next(iter(test_loader))
            pred = model(xt)
            mae = (pred - yt).abs().mean(0)
            r2 = 1 - ((pred - yt) ** 2).sum(0) / ((yt - yt.mean(0)) ** 2).sum(0)
        print(
            f"epoch {epoch + 1:2d} | train {sum(losses) / len(losses):.4f} "
            f"| mae offset {mae[0]:.3f} response {mae[1]:.3f} | mean r2 {r2.mean():.3f}"
        )
