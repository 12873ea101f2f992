"""Two tasks on one trunk with projected gradients (PCGrad): when the tasks' gradients disagree, each loses the part that
works against the other. Gradients are written into .grad by hand; there is no .backward() in the loop."""
import torch
from torch import nn

torch.manual_seed(88)


def make(n):
    x = torch.randn(n, 12)
    hidden = torch.tanh(x @ mix)
    depth = hidden[:, :4].sum(1) + 0.2 * torch.randn(n)
    kind = (hidden[:, 2:6] * torch.tensor([1.0, -1.0, 1.0, 1.0])).sum(1) + 0.2 * torch.randn(n)
    return x, (depth - depth.mean()) / depth.std(), (kind > 0).float()


mix = torch.randn(12, 6) / 12 ** 0.5 * 1.5
x, depth, kind = make(3000)
x_val, depth_val, kind_val = make(800)


class TwoHeads(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(12, 48), nn.Tanh(), nn.Linear(48, 24), nn.Tanh())
        self.depth, self.kind = nn.Linear(24, 1), nn.Linear(24, 1)

    def forward(self, x):
        h = self.trunk(x)
        return self.depth(h).squeeze(1), self.kind(h).squeeze(1)


def flat_grad(loss, params):
    grads = torch.autograd.grad(loss, params, retain_graph=True, allow_unused=True)
    return torch.cat([(torch.zeros_like(p) if g is None else g).flatten() for g, p in zip(grads, params)])


def surgery(a, b):
    dot = torch.dot(a, b)
    if dot < 0:
        return a - dot / b.dot(b) * b + b - dot / a.dot(a) * a
    return a + b


net = TwoHeads()
params = list(net.parameters())
optimizer = torch.optim.Adam(params, lr=3e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 15)
mse, bce = nn.MSELoss(), nn.BCEWithLogitsLoss()

for epoch in range(15):
    conflicts = steps = 0
    for rows in torch.randperm(len(x)).split(60):
        d, k = net(x[rows])
        g1 = flat_grad(mse(d, depth[rows]), params)
        g2 = flat_grad(bce(k, kind[rows]), params)
        conflicts += int(torch.dot(g1, g2) < 0)
        steps += 1
        joined, start = surgery(g1, g2), 0
        for p in params:
            p.grad = joined[start:start + p.numel()].view_as(p).clone()
            start += p.numel()
        optimizer.step()
    scheduler.step()
    with torch.no_grad():
        d, k = net(x_val)
        val = mse(d, depth_val).item(), bce(k, kind_val).item(), ((k > 0).float() == kind_val).float().mean().item()
    print(f"epoch {epoch + 1:2d}  conflicts {conflicts}/{steps}  depth mse {val[0]:.4f}  kind bce {val[1]:.4f}  acc {val[2]:.4f}")

print(f"depth MSE {val[0]:.4f}, kind accuracy {val[2]:.4f}")
