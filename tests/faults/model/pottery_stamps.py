# which workshop stamped the pot? 8 workshops, tiny grey photographs of the stamp
import torch, torch.nn as nn

g = torch.Generator().manual_seed(3)
torch.manual_seed(3)
SIZE, K = 14, 8
JITTER = False

marks = (torch.rand(K, 7, 7, generator=g) < 0.4).float()

def photograph(n):
    y = torch.randint(0, K, (n,), generator=g)
    img = torch.zeros(n, 1, SIZE, SIZE)
    for i in range(n):
        r, c = torch.randint(2, 6, (2,), generator=g).tolist()
        img[i, 0, r:r + 7, c:c + 7] = marks[y[i]] * (0.6 + 0.6 * torch.rand(1, generator=g))
    return img + 0.3 * torch.randn(img.shape, generator=g), y

def jitter(x):
    out = torch.empty_like(x)
    for i in range(len(x)):
        r, c = torch.randint(-2, 3, (2,)).tolist()
        out[i] = x[i].roll((r, c), (1, 2))
    return out + 0.15 * torch.randn_like(out)

x_tr, y_tr = photograph(480)
x_te, y_te = photograph(1200)

net = nn.Sequential(
    nn.Conv2d(1, 12, 5), nn.ReLU(),
    nn.Flatten(), nn.Linear(12 * 100, 64), nn.ReLU(), nn.Linear(64, K))
crit = nn.CrossEntropyLoss()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
EPOCHS = 120
sched = torch.optim.lr_scheduler.StepLR(opt, 90, 0.1)

for epoch in range(EPOCHS):
    net.train()
    s = 0.0
    for idx in torch.randperm(len(x_tr)).split(32):
        xb = jitter(x_tr[idx]) if JITTER else x_tr[idx]
        loss = crit(net(xb), y_tr[idx])
        opt.zero_grad(); loss.backward(); opt.step()
        s += loss.item()
    sched.step()
    if epoch % 10 == 9:
        net.eval()
        with torch.no_grad():
            out = net(x_te)
        print('epoch', epoch + 1, 'train loss %.4f' % (s / 15), 'test loss %.4f' % crit(out, y_te).item(),
              'test acc %.4f' % (out.argmax(1) == y_te).float().mean().item())
