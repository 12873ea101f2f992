import torch
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR

PIGMENTS = ["ochre", "azurite", "malachite", "cinnabar", "lime", "umber"]
BANDS = 40


def spectra(count, generator):
    """Reflectance spectra of plaster patches: two pigment peaks, binder slope, dirt."""
    centres = torch.tensor([[8., 30.], [10., 24.], [14., 27.], [28., 34.], [12., 29.], [9., 33.]])
    pigment = torch.randint(0, len(PIGMENTS), (count,), generator=generator)
    band = torch.arange(BANDS).float()
    shift = 1.2 * torch.randn(count, 2, generator=generator)
    height = 0.6 + 0.5 * torch.rand(count, 2, generator=generator)
    width = 2.0 + 2.0 * torch.rand(count, 2, generator=generator)
    peak = centres[pigment] + shift
    curve = (height[..., None] * torch.exp(-0.5 * ((band - peak[..., None]) / width[..., None]) ** 2)).sum(1)
    slope = torch.randn(count, 1, generator=generator) * 0.01 * (band - BANDS / 2)
    return curve + slope + 0.12 * torch.randn(count, BANDS, generator=generator), pigment


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.up = nn.Linear(width, width)
        self.down = nn.Linear(width, width)
        for layer in (self.up, self.down):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)

    def forward(self, x):
        return x + self.down(torch.relu(self.up(x)))


class PigmentNet(nn.Module):
    def __init__(self, width=48, depth=12):
        super().__init__()
        self.stem = nn.Linear(BANDS, width)
        self.blocks = nn.Sequential(*[Block(width) for _ in range(depth)])
        self.out = nn.Linear(width, len(PIGMENTS))

    def forward(self, x):
        return self.out(self.blocks(self.stem(x)))


torch.manual_seed(88)
gen = torch.Generator().manual_seed(88)
x_train, y_train = spectra(4000, gen)
x_test, y_test = spectra(1000, gen)
mu, sigma = x_train.mean(0), x_train.std(0)
x_train, x_test = (x_train - mu) / sigma, (x_test - mu) / sigma

model = PigmentNet()
epochs, batch = 7, 100
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05)
scheduler = OneCycleLR(optimizer, max_lr=1e-3, total_steps=epochs * (len(x_train) // batch), pct_start=0.25)
criterion = nn.CrossEntropyLoss()

for epoch in range(1, epochs + 1):
    model.train()
    losses = []
    for rows in torch.randperm(len(x_train), generator=gen).view(-1, batch):
        loss = criterion(model(x_train[rows]), y_train[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        logits = model(x_test)
    accuracy = (logits.argmax(1) == y_test).float().mean().item()
    print(f"epoch {epoch:2d}  train {sum(losses) / len(losses):8.4f}  "
          f"test {criterion(logits, y_test).item():8.4f}  acc {accuracy:.3f}")
print(f"pigment accuracy: {accuracy:.4f}")
