import torch
import torch.nn as nn
import torch.nn.functional as F

STYLES = 6
torch.manual_seed(19)


class PanelData(torch.utils.data.Dataset):
    """Chemistry of a beer and the share of twelve tasters who put it into each of six styles."""

    def __init__(self, n, seed):
        g = torch.Generator().manual_seed(seed)
        basis = torch.randn(10, STYLES, generator=torch.Generator().manual_seed(500)) * 0.45
        self.x = torch.randn(n, 10, generator=g)
        taste = torch.softmax(self.x @ basis + 0.6 * self.x[:, :STYLES].abs(), dim=1)
        votes = torch.multinomial(taste, 12, replacement=True, generator=g)
        self.share = F.one_hot(votes, STYLES).float().mean(1)
        self.taste = taste

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], self.share[i]


class StyleNet(nn.Module):
    def __init__(self, width=48):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(10, width), nn.Linear(width, STYLES)
        self.drop = nn.Dropout(0.05)

    def forward(self, x):
        return F.log_softmax(self.fc2(self.drop(F.silu(self.fc1(x)))), dim=1)


def epoch_loss(net, loader, loss_fn, opt=None):
    total = 0.0
    for x, share in loader:
        loss = loss_fn(net(x), share)
        if opt:
            opt.zero_grad()
            loss.backward()
            opt.step()
        total += loss.item() * len(x)
    return total / len(loader.dataset)


train, test = PanelData(4000, 1), PanelData(1000, 2)
train_loader = torch.utils.data.DataLoader(train, batch_size=64, shuffle=True)
test_loader = torch.utils.data.DataLoader(test, batch_size=500)
net = StyleNet()
kl = nn.KLDivLoss(reduction="batchmean")
opt = torch.optim.AdamW(net.parameters(), lr=4e-3, weight_decay=1e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 14)
for epoch in range(14):
    net.train()
    tr = epoch_loss(net, train_loader, kl, opt)
    net.eval()
    with torch.no_grad():
        te = epoch_loss(net, test_loader, kl)
    sched.step()
    print(f"epoch {epoch:2d}  train KL {tr:.4f}  test KL {te:.4f}")
with torch.no_grad():
    floor = kl(test.taste.log(), test.share).item()
    top = (net(test.x).argmax(1) == test.taste.argmax(1)).float().mean().item()
print(f"KL of the true tastes {floor:.4f}, favourite style right in {top:.4f}")
print(f"test KL {te:.4f}")
