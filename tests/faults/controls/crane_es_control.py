"""Evolution strategies (antithetic sampling) for a crane that must bring its load to rest."""
import torch
import torch.nn as nn


class Policy(nn.Module):
    def __init__(self, hidden=12):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(4, hidden), nn.Tanh(), nn.Linear(hidden, 1), nn.Tanh())


def forward_many(flat, state, hidden=12):
    """Evaluate a population of parameter vectors (P, D) on states (P, B, 4)."""
    w1 = flat[:, :4 * hidden].view(-1, hidden, 4)
    b1 = flat[:, 4 * hidden:5 * hidden].unsqueeze(1)
    w2 = flat[:, 5 * hidden:6 * hidden].view(-1, 1, hidden)
    b2 = flat[:, 6 * hidden:].unsqueeze(1)
    h = torch.tanh(state @ w1.transpose(1, 2) + b1)
    return torch.tanh(h @ w2.transpose(1, 2) + b2).squeeze(-1)


def cost(flat, start, steps=50, dt=0.1):
    s = start.unsqueeze(0).expand(len(flat), -1, -1)
    total = 0.0
    for _ in range(steps):
        u = forward_many(flat, s)
        x, v, a, w = s.unbind(-1)
        acc = 2.0 * u - 0.2 * v
        s = torch.stack([x + dt * v, v + dt * acc, a + dt * w, w + dt * (-3.0 * a - 0.1 * w - acc)], -1)
        total = total + (s[..., 0] ** 2 + 0.5 * s[..., 2] ** 2).mean(1)
    return total / steps


torch.manual_seed(90)
policy = Policy()
optimizer = torch.optim.Adam(policy.parameters(), lr=0.08)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 300, eta_min=0.002)
starts = lambda n, g=None: torch.randn(n, 4, generator=g) * torch.tensor([1.0, 0.3, 0.3, 0.3])
test_starts = starts(200, torch.Generator().manual_seed(1))
pairs, sigma = 16, 0.1

for it in range(300):
    theta = nn.utils.parameters_to_vector(policy.parameters()).detach()
    eps = torch.randn(pairs, len(theta))
    batch = starts(24)
    plus, minus = cost(theta + sigma * eps, batch), cost(theta - sigma * eps, batch)
    gradient = ((plus - minus).unsqueeze(1) * eps).mean(0) / (2 * sigma)
    optimizer.zero_grad()
    offset = 0
    for p in policy.parameters():
        p.grad = gradient[offset:offset + p.numel()].view_as(p).clone()
        offset += p.numel()
    optimizer.step()
    scheduler.step()
    if it % 20 == 19:
        theta = nn.utils.parameters_to_vector(policy.parameters()).detach()
        test = cost(theta.unsqueeze(0), test_starts).item()
        print(f"iteration {it + 1:3d} population {torch.cat([plus, minus]).mean().item():.4f} test {test:.4f}")

print(f"test cost {test:.4f}")
