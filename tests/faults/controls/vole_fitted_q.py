"""Deep Q-learning from a fixed log: a vole crosses a meadow strip and may shelter from the kestrel."""
import copy
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(50)
CELLS, GAMMA, TAU = 8, 0.9, 0.02


def move(cell, action):
    """0 back, 1 forward, 2 stay; food at the far end, cells 3 and 4 are open ground."""
    nxt = (cell + torch.tensor([-1, 1, 0])[action]).clamp(0, CELLS - 1)
    reward = (nxt == CELLS - 1).float() - 0.2 * ((nxt == 3) | (nxt == 4)).float()
    return nxt, reward, nxt == CELLS - 1


def encode(cell):
    return F.one_hot(cell, CELLS).float()


class QNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(CELLS, 32), nn.ReLU(), nn.Linear(32, 3))

    def forward(self, s):
        return self.net(s)


log_s = torch.randint(0, CELLS - 1, (4000,))
log_a = torch.randint(0, 3, (4000,))
log_n, log_r, log_done = move(log_s, log_a)
log_r = log_r + 0.2 * torch.randn(len(log_r))      # the vole is not always equally hungry

exact = torch.zeros(CELLS, 3)
for _ in range(200):
    for a in range(3):
        n, r, d = move(torch.arange(CELLS - 1), torch.full((CELLS - 1,), a))
        exact[:-1, a] = r + GAMMA * (~d) * exact[n].max(1).values

online = QNet()
target = copy.deepcopy(online).requires_grad_(False)
optimizer = torch.optim.Adam(online.parameters(), lr=3e-3)
for step in range(1, 1001):
    i = torch.randint(0, len(log_s), (64,))
    with torch.no_grad():
        backup = log_r[i] + GAMMA * (~log_done[i]).float() * target(encode(log_n[i])).max(1).values
    q = online(encode(log_s[i])).gather(1, log_a[i, None]).squeeze(1)
    loss = F.smooth_l1_loss(q, backup)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(online.parameters(), 10.0)
    optimizer.step()
    with torch.no_grad():
        for p, tp in zip(online.parameters(), target.parameters()):
            tp.lerp_(p, TAU)
    if step % 100 == 0:
        with torch.no_grad():
            gap = (online(encode(torch.arange(CELLS - 1))) - exact[:-1]).abs().mean().item()
        print(f"step {step} td loss {loss.item():.5f} mean |Q - Q*| {gap:.4f}")

print(f"error of the action values {gap:.4f}")
