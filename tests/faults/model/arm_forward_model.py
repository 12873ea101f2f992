import torch
from torch import nn

torch.manual_seed(27)


def arm(q):
    """Tip position of a three-joint planar arm on a turntable."""
    base, a, b, c = q.unbind(-1)
    reach = 0.5 * torch.cos(a) + 0.4 * torch.cos(a + b) + 0.2 * torch.cos(a + b + c)
    height = 0.5 * torch.sin(a) + 0.4 * torch.sin(a + b) + 0.2 * torch.sin(a + b + c)
    return torch.stack([reach * torch.cos(base), reach * torch.sin(base), height], dim=-1)


lo, hi = torch.tensor([-1.5, 0.0, -1.2, -1.0]), torch.tensor([1.5, 1.5, 1.2, 1.0])
joints = lo + (hi - lo) * torch.rand(4500, 4)
tips = arm(joints)
tips = tips + 0.01 * torch.randn_like(tips)
x = (joints - joints[:3600].mean(0)) / joints[:3600].std(0)
t = (tips - tips[:3600].mean(0)) / tips[:3600].std(0)
x_train, t_train, x_val, t_val = x[:3600], t[:3600], x[3600:], t[3600:]


class ForwardModel(nn.Module):
    def __init__(self, hidden=4):
        super().__init__()
        self.l1 = nn.Linear(4, hidden)
        self.l2 = nn.Linear(hidden, hidden)
        self.l3 = nn.Linear(hidden, 3)

    def forward(self, q):
        z = torch.tanh(self.l1(q))
        z = torch.tanh(self.l2(z))
        return self.l3(z)


model = ForwardModel()
print("parameters:", sum(p.numel() for p in model.parameters()))
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
steps_per_epoch = len(x_train) // 90
sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=1e-2, epochs=30, steps_per_epoch=steps_per_epoch)
for epoch in range(30):
    model.train()
    train_loss = 0.0
    for rows in torch.randperm(len(x_train)).view(steps_per_epoch, 90):
        loss = nn.functional.mse_loss(model(x_train[rows]), t_train[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
        train_loss += loss.item() / steps_per_epoch
    model.eval()
    with torch.no_grad():
        val_loss = nn.functional.mse_loss(model(x_val), t_val).item()
    if epoch % 3 == 2:
        print(f"epoch {epoch + 1:2d}: train {train_loss:.4f} | val {val_loss:.4f}")
print(f"explained variance of tip position {1 - val_loss:.4f}")
