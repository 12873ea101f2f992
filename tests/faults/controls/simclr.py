import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression


class Encoder(nn.Module):
    def __init__(self, dim=48):
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(1, 24, 3, padding=1, bias=False), nn.BatchNorm2d(24), nn.ReLU(),
            nn.Conv2d(24, 32, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU())
        self.fc = nn.Linear(32 * 16, dim)

    def forward(self, x):
        return self.fc(self.conv(x).flatten(1))


def augment(x):
    """Random shift by one pixel, contrast, noise."""
    padded = F.pad(x, (1, 1, 1, 1), value=x.min().item())
    out = torch.empty_like(x)
    dx, dy = torch.randint(0, 3, (2, len(x)))
    for i in range(3):
        for j in range(3):
            m = (dx == i) & (dy == j)
            out[m] = padded[m][:, :, j:j + 8, i:i + 8]
    gain = torch.empty(len(x), 1, 1, 1).uniform_(0.7, 1.3)
    return out * gain + 0.25 * torch.randn_like(out)


def nt_xent(z1, z2, temperature=0.3):
    z = F.normalize(torch.cat([z1, z2]), dim=1)
    sim = z @ z.t() / temperature
    sim.fill_diagonal_(float("-inf"))
    n = len(z1)
    partner = torch.cat([torch.arange(n, 2 * n), torch.arange(n)])
    return F.cross_entropy(sim, partner)


@torch.no_grad()
def embed(encoder, x):
    encoder.eval()
    return encoder(x).numpy()


def linear_probe(encoder, x_train, y_train, x_test, y_test):
    clf = LogisticRegression(max_iter=300).fit(embed(encoder, x_train), y_train)
    return clf.score(embed(encoder, x_test), y_test)


torch.manual_seed(60)
digits = load_digits()
order = torch.randperm(len(digits.target))
x = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1)[order]
y = digits.target[order.numpy()]
x_train, x_test, y_train, y_test = x[:1400], x[1400:], y[:1400], y[1400:]
mean, std = x_train.mean(), x_train.std()
x_train, x_test = (x_train - mean) / std, (x_test - mean) / std

encoder = Encoder()
projector = nn.Sequential(nn.ReLU(), nn.Linear(48, 32))
params = list(encoder.parameters()) + list(projector.parameters())
optimizer = torch.optim.AdamW(params, lr=2e-3, weight_decay=1e-3)
EPOCHS, BATCH = 12, 100
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
for epoch in range(EPOCHS):
    encoder.train()
    losses = []
    for idx in torch.randperm(len(x_train)).split(BATCH):
        views = [augment(x_train[idx]) for _ in range(2)]
        loss = nt_xent(*[projector(encoder(v)) for v in views])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    scheduler.step()
    if epoch % 3 == 2:
        probe = linear_probe(encoder, x_train, y_train, x_test, y_test)
        print(f"epoch {epoch + 1}: contrastive loss {sum(losses) / len(losses):.4f} probe accuracy {probe:.4f}")
print(f"linear probe accuracy: {linear_probe(encoder, x_train, y_train, x_test, y_test):.4f}")
