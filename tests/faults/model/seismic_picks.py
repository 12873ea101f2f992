import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(12)


def windows(n, length=40):
    """Three-component windows; the target is where the wave arrives, as a fraction of the window."""
    t = torch.arange(length).float()
    onset = torch.rand(n, 1) * 26 + 6
    decay = torch.exp(-(t - onset).clamp(min=0) / 12)
    wave = torch.sin((t - onset) * (0.8 + 0.4 * torch.rand(n, 1))) * decay * (t >= onset)
    x = torch.stack([wave, 0.6 * wave.roll(2, 1), -0.8 * wave], 1) + 0.25 * torch.randn(n, 3, length)
    x = (x - x.mean()) / x.std()
    y = (onset - 19) / 7.5
    return x, y


def reset(module):
    if isinstance(module, (nn.Conv1d, nn.Linear)):
        nn.init.normal_(module.weight, std=0.25)
        nn.init.zeros_(module.bias)


class Picker(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv1d(3, 12, 7, padding=3)
        self.conv2 = nn.Conv1d(12, 12, 5, stride=2, padding=2)
        self.fc1 = nn.Linear(12 * 20, 32)
        self.fc2 = nn.Linear(32, 1)
        self.apply(reset)

    def forward(self, x):
        x = torch.relu(self.conv1(x))
        x = torch.relu(self.conv2(x))
        return self.fc2(torch.relu(self.fc1(x.flatten(1))))


x_train, y_train = windows(3000)
x_val, y_val = windows(400)
picker = Picker()
optim = torch.optim.AdamW(picker.parameters(), lr=2e-3, weight_decay=0.02)
schedule = torch.optim.lr_scheduler.LinearLR(optim, 1.0, 0.05, total_iters=9)

for epoch in range(9):
    picker.train()
    epoch_loss = 0.0
    for idx in torch.randperm(len(x_train)).split(30):
        optim.zero_grad()
        loss = F.mse_loss(picker(x_train[idx]), y_train[idx])
        loss.backward()
        optim.step()
        epoch_loss += loss.item() * len(idx)
    schedule.step()
    picker.eval()
    with torch.no_grad():
        val = F.mse_loss(picker(x_val), y_val).item()
    print(f"epoch {epoch}: train {epoch_loss / len(x_train):.4f} val {val:.4f}")

print(f"validation mse {val:.4f}")
