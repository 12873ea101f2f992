"""Which of four strings was plucked? Short, noisy two-channel pickups; a GRU reads them."""
import math
import random
import torch
import torch.nn as nn
import torch.nn.functional as F

random.seed(8)
torch.manual_seed(8)

T = 24
FREQ = torch.tensor([1.6, 2.2, 2.8, 3.4])


def pluck(n):
    y = torch.randint(0, 4, (n,))
    t = torch.linspace(0, 1, T)
    f = FREQ[y][:, None] + 0.28 * torch.randn(n, 1)
    ph = 0.5 * torch.randn(n, 1)
    decay = torch.exp(-t * (0.5 + torch.rand(n, 1)))
    a = decay * torch.sin(2 * math.pi * f * t + ph)
    b = decay * torch.cos(2 * math.pi * f * t + ph)
    x = torch.stack([a, b], -1) + 0.45 * torch.randn(n, T, 2)
    return x, y


class StringNet(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.rnn = nn.GRU(2, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 4)

    def forward(self, x):
        h, _ = self.rnn(x)
        return self.out(h.mean(1))


def accuracy(net, x, y):
    net.eval()
    with torch.no_grad():
        out = net(x)
    return F.cross_entropy(out, y).item(), (out.argmax(1) == y).float().mean().item()


x_train, y_train = pluck(12000)
x_test, y_test = pluck(2000)
net = StringNet(24)
optimizer = torch.optim.AdamW(net.parameters(), lr=2e-2, weight_decay=0.01)
EPOCHS = 5
ACCUM = 2          # the batch of 256 is fed in two halves
steps = EPOCHS * (len(x_train) // (128 * ACCUM))
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=2e-2, total_steps=steps)
done = 0
for epoch in range(EPOCHS):
    net.train()
    perm = torch.randperm(len(x_train))
    running = []
    parts = perm[: (len(perm) // (128 * ACCUM)) * 128 * ACCUM].view(-1, 128)
    for k, idx in enumerate(parts):
        loss = F.cross_entropy(net(x_train[idx]), y_train[idx])
        (loss / ACCUM).backward()
        running.append(loss.item())
        if (k + 1) % ACCUM == 0:
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            scheduler.step()
            done += 1
    vl, va = accuracy(net, x_test, y_test)
    print(f"epoch {epoch + 1} step {done:4d} | train loss {sum(running) / len(running):.4f} | test loss {vl:.4f} | test acc {va:.4f}")
print("final accuracy: %.4f" % va)
