import torch
from torch import nn
from torch.utils.data import Dataset, DataLoader
import torch.nn.functional as F

torch.manual_seed(25)
GRADES = 5  # one to five stars


class Hotels(Dataset):
    """Facilities of a hotel and the stars that an inspector gave (ordered grades, with the usual disagreement)."""

    def __init__(self, n, seed):
        g = torch.Generator().manual_seed(seed)
        self.x = torch.randn(n, 10, generator=g)
        quality = 1.1 * self.x[:, 0] + 0.8 * self.x[:, 1] - 0.6 * self.x[:, 2] + 0.7 * torch.tanh(2 * self.x[:, 3] * self.x[:, 4])
        quality = quality + 0.8 * torch.randn(n, generator=g)
        self.grade = torch.bucketize(quality, torch.tensor([-1.45, -0.43, 0.43, 1.45]))

    def __len__(self):
        return len(self.grade)

    def __getitem__(self, i):
        return self.x[i], self.grade[i]


class OrdinalHead(nn.Module):
    """P(grade > k) = sigmoid(score - threshold_k): one score, GRADES - 1 thresholds that stay in order."""

    def __init__(self, width):
        super().__init__()
        self.score = nn.Linear(width, 1, bias=False)
        self.first = nn.Parameter(torch.tensor(-1.5))
        self.gaps = nn.Parameter(torch.zeros(GRADES - 2))

    def forward(self, h):
        cuts = torch.cat([self.first.view(1), self.first + F.softplus(self.gaps).cumsum(0)])
        return self.score(h) - cuts


class Grader(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(10, width), nn.Mish(), nn.Linear(width, width), nn.Mish())
        self.head = OrdinalHead(width)

    def forward(self, x):
        return self.head(self.body(x))


def levels(grade):
    return (grade[:, None] > torch.arange(GRADES - 1)).float()


train_loader = DataLoader(Hotels(5000, 1), batch_size=100, shuffle=True)
valid_loader = DataLoader(Hotels(1500, 2), batch_size=500)
grader = Grader()
optimizer = torch.optim.NAdam(grader.parameters(), lr=6e-3)
scheduler = torch.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=15, power=1.0)

for epoch in range(15):
    grader.train()
    tl = 0.0
    for x, grade in train_loader:
        loss = F.binary_cross_entropy_with_logits(grader(x), levels(grade))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        tl += loss.item() * len(x) / 5000
    scheduler.step()
    grader.eval()
    vl = mae = exact = 0.0
    with torch.no_grad():
        for x, grade in valid_loader:
            out = grader(x)
            stars = (out > 0).sum(1)
            vl += F.binary_cross_entropy_with_logits(out, levels(grade)).item() * len(x) / 1500
            mae += (stars - grade).abs().sum().item() / 1500
            exact += (stars == grade).sum().item() / 1500
    print(f"epoch {epoch + 1:2d} train {tl:.4f} valid {vl:.4f} exact {exact:.3f} MAE {mae:.4f} stars")
print(f"mean absolute error: {mae:.4f} stars")
