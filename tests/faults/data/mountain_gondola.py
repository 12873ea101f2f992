# Recognise what a gondola cabin is doing from 24 readings of speed, cable load and tilt.
import torch
import torch.nn as nn

g = torch.Generator().manual_seed(42)
torch.manual_seed(42)

STATES = ["loading", "starting", "cruising", "passing a tower", "braking", "swinging"]
T = 24


def record(state, n):
    t = torch.linspace(0, 1, T).repeat(n, 1)
    shift = torch.rand(n, 1, generator=g) * 0.5 + 0.25
    ramp = torch.sigmoid((t - shift) * 12)
    speed = torch.zeros(n, T)
    load = torch.zeros(n, T)
    tilt = torch.zeros(n, T)
    bump = torch.exp(-((t - shift) / 0.08) ** 2)
    if state == 0:
        load = ramp
    elif state == 1:
        speed, tilt = ramp, -0.5 * bump
    elif state == 2:
        speed = torch.ones(n, T) * 0.5
    elif state == 3:
        speed, load, tilt = torch.ones(n, T) * 0.5, bump, bump * torch.sign(t - shift)
    elif state == 4:
        speed, tilt = 1 - ramp, -0.5 * bump
    else:
        speed, tilt = torch.ones(n, T) * 0.5, torch.sin(t * 18 + shift * 25) * 0.6
    x = torch.stack([speed, load, tilt], dim=-1)
    return x + 0.35 * torch.randn(x.shape, generator=g)


def dataset(n_per_state):
    x = torch.cat([record(s, n_per_state) for s in range(len(STATES))])
    y = torch.arange(len(STATES)).repeat_interleave(n_per_state)
    return x, y


class CabinNet(nn.Module):
    def __init__(self, n_features=3, hidden=24, n_classes=len(STATES)):
        super().__init__()
        self.gru = nn.GRU(n_features, hidden)
        self.head = nn.Sequential(nn.Linear(hidden, 32), nn.ReLU(), nn.Linear(32, n_classes))

    def forward(self, x):                # x: cabin, time, feature
        out, _ = self.gru(x)
        return self.head(out.mean(dim=1))


x_train, y_train = dataset(240)
x_test, y_test = dataset(80)
mean, std = x_train.mean((0, 1)), x_train.std((0, 1))
x_train, x_test = (x_train - mean) / std, (x_test - mean) / std
mix = torch.randperm(len(y_test), generator=g)
x_test, y_test = x_test[mix], y_test[mix]

net = CabinNet()
opt = torch.optim.AdamW(net.parameters(), lr=1e-2, weight_decay=1e-3)
EPOCHS, BATCH = 10, 48
sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=1.5e-2, total_steps=EPOCHS * (len(y_train) // BATCH))
ce = nn.CrossEntropyLoss()


def score(x, y):
    net.eval()
    hits = 0
    with torch.no_grad():
        for i in range(0, len(y), BATCH):
            hits += (net(x[i:i + BATCH]).argmax(1) == y[i:i + BATCH]).sum().item()
    return hits / len(y)


for epoch in range(EPOCHS):
    net.train()
    perm = torch.randperm(len(y_train), generator=g)
    total = 0.0
    for i in range(0, len(perm), BATCH):
        b = perm[i:i + BATCH]
        loss = ce(net(x_train[b]), y_train[b])
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        opt.step()
        sched.step()
        total += loss.item() * len(b)
    print(f"epoch {epoch + 1:2d}  loss {total / len(perm):.4f}  test {score(x_test, y_test):.4f}")

print(f"train accuracy: {score(x_train[perm], y_train[perm]):.4f}")
print(f"test accuracy: {score(x_test, y_test):.4f}")
