# Supper club: 300 members rate 150 dishes on a 0-10 scale.  Matrix factorisation with
# member and dish offsets; k taste dimensions.
import torch
import torch.nn as nn

torch.manual_seed(71)
MEMBERS, DISHES = 300, 150

# ---- ratings -------------------------------------------------------------------------
m_true, d_true = torch.randn(MEMBERS, 4), torch.randn(DISHES, 4)
weights = torch.tensor([1.0, 0.9, 0.8, 0.7])
table = 6.0 + 0.6 * torch.randn(MEMBERS, 1) + 0.6 * torch.randn(1, DISHES) + 0.9 * (m_true * weights) @ d_true.T
table = table + 0.6 * torch.randn(MEMBERS, DISHES)
seen = torch.rand(MEMBERS, DISHES) < 0.6
member, dish = seen.nonzero(as_tuple=True)
rating = table[member, dish]
shuffle = torch.randperm(len(rating))
member, dish, rating = member[shuffle], dish[shuffle], rating[shuffle]
cut = int(0.85 * len(rating))
average = rating[:cut].mean()


class TasteModel(nn.Module):
    def __init__(self, k):
        super().__init__()
        self.member_taste = nn.Parameter(torch.empty(MEMBERS, k))
        self.dish_taste = nn.Parameter(torch.empty(DISHES, k))
        self.member_off = nn.Parameter(torch.zeros(MEMBERS))
        self.dish_off = nn.Parameter(torch.zeros(DISHES))
        self.reset(k)

    def reset(self, k):
        # a typical member likes a typical dish a little
        scale = k ** -0.5
        nn.init.constant_(self.member_taste, scale)
        nn.init.constant_(self.dish_taste, scale)

    def forward(self, m, d):
        match = (self.member_taste[m] * self.dish_taste[d]).sum(1)
        return average + self.member_off[m] + self.dish_off[d] + match

    def penalty(self, m, d):
        return self.member_taste[m].square().sum(1).mean() + self.dish_taste[d].square().sum(1).mean()


model = TasteModel(k=6)
opt = torch.optim.Adam(model.parameters(), lr=0.02)
EPOCHS = 24
sched = torch.optim.lr_scheduler.MultiStepLR(opt, milestones=[12, 18, 22], gamma=0.3)


def held_out():
    with torch.no_grad():
        err = model(member[cut:], dish[cut:]) - rating[cut:]
    rmse = err.square().mean().sqrt().item()
    return rmse, 1 - rmse ** 2 / rating[cut:].var().item()


for epoch in range(1, EPOCHS + 1):
    total = 0.0
    for b in torch.randperm(cut).split(512):
        err = model(member[b], dish[b]) - rating[b]
        loss = err.square().mean() + 0.03 * model.penalty(member[b], dish[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() * len(b)
    sched.step()
    if epoch % 3 == 0:
        rmse, r2 = held_out()
        print("epoch", epoch, "objective", round(total / cut, 4), "held-out rmse", round(rmse, 4), "r2", round(r2, 4))

rmse, r2 = held_out()
print("final held-out r2", round(r2, 4))
