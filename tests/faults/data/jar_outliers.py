"""Mark, in every jar of seeds, those that differ from the others in the same jar (set tagging)."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(21)
N_SEEDS, N_FEAT = 10, 5


def make_jars(n):
    variety = torch.randn(n, 1, N_FEAT) * 1.5
    alien = torch.randn(n, 1, N_FEAT) * 1.5
    odd = torch.rand(n, N_SEEDS) < 0.3
    x = torch.where(odd.unsqueeze(-1), alien, variety) + 0.4 * torch.randn(n, N_SEEDS, N_FEAT)
    x[..., 0] += 1.6 * odd
    return (x - x.mean((0, 1))) / x.std((0, 1)), odd.float()


class SetTagger(nn.Module):
    def __init__(self, n_feat, width=64):
        super().__init__()
        self.encode = nn.Sequential(nn.Linear(n_feat, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.tag = nn.Sequential(nn.Linear(2 * width, width), nn.ReLU(), nn.Linear(width, 1))

    def forward(self, x):
        h = self.encode(x)
        context = h.mean(0, keepdim=True).expand_as(h)
        return self.tag(torch.cat([h, context], dim=-1)).squeeze(-1)


def epoch_pass(model, loader, opt=None):
    total = right = count = 0
    model.train(opt is not None)
    with torch.set_grad_enabled(opt is not None):
        for x, odd in loader:
            out = model(x)
            loss = F.binary_cross_entropy_with_logits(out, odd)
            if opt is not None:
                opt.zero_grad()
                loss.backward()
                opt.step()
            total += loss.item() * odd.numel()
            right += ((out > 0) == (odd > 0.5)).sum().item()
            count += odd.numel()
    return total / count, right / count


train = DataLoader(TensorDataset(*make_jars(5000)), batch_size=50, shuffle=True)
test = DataLoader(TensorDataset(*make_jars(1500)), batch_size=50)
net = SetTagger(N_FEAT)
optimizer = torch.optim.RMSprop(net.parameters(), lr=3e-3)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=6, gamma=0.3)
for ep in range(16):
    tr = epoch_pass(net, train, optimizer)
    te = epoch_pass(net, test)
    scheduler.step()
    print("epoch %2d   train %.4f / %.4f   test %.4f / %.4f" % (ep, *tr, *te))
print("test tagging accuracy = %.4f" % te[1])
