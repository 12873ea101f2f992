# Monthly rent per square metre of offices, for a broker's quote sheet.
import torch
import torch.nn as nn

torch.manual_seed(40)

COLUMNS = {"quarter": 40, "landlord": 40, "agent": 25}      # categories and how many levels each
NUMBERS = ["floor", "year built", "area", "parking", "lift"]
N = 10500


def market(n):
    cats = {c: torch.randint(k, (n,)) for c, k in COLUMNS.items()}
    nums = torch.randn(n, len(NUMBERS))
    level = {c: torch.randn(k) for c, k in COLUMNS.items()}
    slope = torch.randn(COLUMNS["quarter"])
    rent = (1.2 * level["quarter"][cats["quarter"]] + 0.8 * level["landlord"][cats["landlord"]]
            + 0.4 * level["agent"][cats["agent"]] + 0.5 * slope[cats["quarter"]] * nums[:, 0]
            + 0.6 * nums[:, 1] - 0.4 * torch.tanh(nums[:, 2]) + 0.3 * nums[:, 3] * nums[:, 4]
            + 0.3 * torch.randn(n))
    return cats, nums, 21 + 6 * rent


class RentNet(nn.Module):
    def __init__(self, dim=4, width=64):
        super().__init__()
        self.tables = {c: nn.Embedding(k, dim) for c, k in COLUMNS.items()}
        self.trunk = nn.Sequential(
            nn.Linear(dim * len(COLUMNS) + len(NUMBERS), width), nn.ReLU(),
            nn.Linear(width, width), nn.ReLU(),
        )
        self.rent = nn.Linear(width, 1)

    def forward(self, cats, nums):
        parts = [table(cats[c]) for c, table in self.tables.items()]
        return self.rent(self.trunk(torch.cat(parts + [nums], dim=1))).squeeze(1)


cats, nums, rent = market(N)
n_fit = 9000
mu, sd = rent[:n_fit].mean(), rent[:n_fit].std()
y = (rent - mu) / sd

net = RentNet()
optim = torch.optim.RMSprop(net.parameters(), lr=4e-3, alpha=0.95, weight_decay=1e-5)
plan = torch.optim.lr_scheduler.MultiStepLR(optim, milestones=[7, 10], gamma=0.25)
huber = nn.SmoothL1Loss()

for epoch in range(12):
    net.train()
    running = torch.zeros(())
    order = torch.randperm(n_fit)
    for rows in order.chunk(100):
        guess = net({c: v[rows] for c, v in cats.items()}, nums[rows])
        loss = huber(guess, y[rows])
        net.zero_grad()
        loss.backward()
        optim.step()
        running += loss.detach() * len(rows)
    plan.step()
    net.eval()
    with torch.no_grad():
        guess = net({c: v[n_fit:] for c, v in cats.items()}, nums[n_fit:])
        err = guess - y[n_fit:]
        r2 = 1 - err.square().mean() / y[n_fit:].var()
    print("%2d\thuber %.4f\tval MAE %.2f EUR\tval R2 %.3f" % (epoch, running / n_fit, err.abs().mean() * sd, r2))

print("Final validation R2: %.4f" % r2)
