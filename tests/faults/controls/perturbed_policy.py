"""Evolution strategy: a small policy learns to bring a sliding mass to rest at the origin."""
import torch
import torch.nn as nn

torch.manual_seed(14)


class Policy(nn.Module):
    def __init__(self, hidden=8):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, hidden), nn.Tanh(), nn.Linear(hidden, 1), nn.Tanh())

    def forward(self, state):
        return 2.0 * self.net(state)


def rollout(flat, shapes, start, steps=40, dt=0.1):
    """Returns of a population of weight vectors (P, D), all from the same starts (S, 2)."""
    parts, at = [], 0
    for shape in shapes:
        size = shape.numel()
        parts.append(flat[:, at:at + size].view(-1, *shape))
        at += size
    w1, b1, w2, b2 = parts
    state = start.expand(len(flat), -1, -1).clone()
    total = torch.zeros(len(flat))
    for _ in range(steps):
        h = torch.tanh(torch.baddbmm(b1[:, None], state, w1.transpose(1, 2)))
        force = 2.0 * torch.tanh(torch.baddbmm(b2[:, None], h, w2.transpose(1, 2)))
        velocity = state[..., 1:] + dt * (force - 0.1 * state[..., 1:])
        position = state[..., :1] + dt * velocity
        state = torch.cat([position, velocity], -1)
        total -= (position ** 2 + 0.1 * velocity ** 2 + 0.01 * force ** 2).mean((1, 2))
    return total / steps


def main(generations=160, half=32, sigma=0.1):
    policy = Policy()
    shapes = [p.shape for p in policy.parameters()]
    optimizer = torch.optim.Adam(policy.parameters(), lr=0.02)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, generations)
    held_out = torch.randn(200, 2)
    for g in range(generations):
        with torch.no_grad():
            centre = nn.utils.parameters_to_vector(policy.parameters())
            noise = torch.randn(half, centre.numel())
            noise = torch.cat([noise, -noise])
            returns = rollout(centre + sigma * noise, shapes, torch.randn(48, 2))
            ranks = returns.argsort().argsort().float() / (len(returns) - 1) - 0.5
            estimate = -(ranks[:, None] * noise).mean(0) / sigma
        at = 0
        for p in policy.parameters():
            p.grad = estimate[at:at + p.numel()].view_as(p).clone()
            at += p.numel()
        optimizer.step()
        scheduler.step()
        if g % 20 == 19 or g == 0:
            with torch.no_grad():
                centre = nn.utils.parameters_to_vector(policy.parameters())
                score = rollout(centre[None], shapes, held_out).item()
            print(f"generation {g + 1}: population {returns.mean().item():.4f} held-out {score:.4f}")
    print(f"final return {score:.4f}")


if __name__ == "__main__":
    main()
