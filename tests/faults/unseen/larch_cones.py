"""Cone shapes of larches: few labelled cones, many unlabelled ones given pseudo labels."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(41)
torch.set_num_threads(1)

KINDS, DIM = 5, 12
centres = 1.3 * torch.randn(KINDS, DIM)


def cones(n):
    kind = torch.randint(0, KINDS, (n,))
    bend = torch.randn(n, 1)
    x = centres[kind] + 0.8 * torch.randn(n, DIM)
    x[:, :2] += 0.4 * bend * torch.cat([torch.sin(2 * bend), torch.cos(2 * bend)], dim=1)
    return x, kind


x_lab, y_lab = cones(100)
x_unl, _ = cones(2000)
x_test, y_test = cones(600)

net = nn.Sequential(nn.Linear(DIM, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, KINDS))
optimizer = torch.optim.Adam(net.parameters(), lr=2e-3, weight_decay=1e-3)


def test_scores():
    net.eval()
    with torch.no_grad():
        z = net(x_test)
    return F.cross_entropy(z, y_test).item(), (z.argmax(1) == y_test).float().mean().item()


STEPS, WARM, THRESHOLD = 900, 200, 0.9
for step in range(1, STEPS + 1):
    net.train()
    lab = torch.randint(0, len(x_lab), (32,))
    sup = F.cross_entropy(net(x_lab[lab]), y_lab[lab])
    loss, used = sup, 0
    if step > WARM:
        unl = torch.randint(0, len(x_unl), (96,))
        with torch.no_grad():
            net.eval()
            conf, guess = F.softmax(net(x_unl[unl]), dim=1).max(dim=1)
            net.train()
        keep = conf > THRESHOLD
        used = int(keep.sum())
        if used:
            noisy = x_unl[unl][keep] + 0.2 * torch.randn(used, DIM)
            ramp = min(1.0, (step - WARM) / 200)
            loss = sup + ramp * F.cross_entropy(net(noisy), guess[keep])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 100 == 0:
        t_loss, t_acc = test_scores()
        print(f"step {step} supervised {sup.item():.3f} pseudo used {used}/96 test loss {t_loss:.3f} test acc {t_acc:.3f}")
