"""Fines a warden writes per beat: Poisson regression with an offset for the hours walked."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(18)
torch.set_num_threads(1)


def beats(n):
    x = torch.randn(n, 6)
    hours = 1 + 5 * torch.rand(n)
    log_rate = 0.3 + 0.5 * x[:, 0] - 0.4 * x[:, 1].abs() + 0.3 * x[:, 2] * x[:, 3] + 0.3 * torch.sin(2 * x[:, 4])
    return x, hours, torch.poisson(hours * log_rate.exp())


class FineRate(nn.Module):
    def __init__(self, width=48):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(6, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, 1))

    def forward(self, x, hours):
        return self.net(x).squeeze(1) + hours.log()


def deviance(log_mu, count):
    mu = log_mu.exp()
    return 2 * (torch.xlogy(count, count / mu) - (count - mu)).mean().item()


x, hours, count = beats(6000)
xt, ht, ct = beats(1500)
loader = DataLoader(TensorDataset(x, hours, count), batch_size=100, shuffle=True)
model = FineRate()
loss_fn = nn.PoissonNLLLoss(log_input=True, full=True)
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
decay = torch.optim.lr_scheduler.StepLR(opt, 8, gamma=0.3)

null = deviance(torch.log(count.sum() / hours.sum()) + ht.log(), ct)
print(f"null model deviance {null:.4f}")
for epoch in range(1, 17):
    model.train()
    nll = 0.0
    for xb, hb, cb in loader:
        loss = loss_fn(model(xb, hb), cb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        nll += loss.item() * len(cb) / len(count)
    decay.step()
    if epoch % 4 == 0:
        model.eval()
        with torch.no_grad():
            out = model(xt, ht)
        print(f"epoch {epoch:2d} train nll {nll:.4f} test nll {loss_fn(out, ct).item():.4f} test deviance {deviance(out, ct):.4f}")
