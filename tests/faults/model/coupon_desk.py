# Contextual bandit for a supermarket app: which coupon to show to which customer.
# Step 1: a week of logged data where coupons were drawn at random.
# Step 2: one reward head per coupon on a common body; the policy shows the best one.
# Step 3: value of that policy in the simulator (the true expected basket uplift).
import numpy as np
import torch
import torch.nn as nn

COUPONS = ["bread", "beer", "nappies", "coffee", "pasta"]
rng = np.random.RandomState(15)
torch.manual_seed(15)

N_LOG, N_EVAL, CTX = 8000, 3000, 10
taste = rng.normal(size=(len(COUPONS), CTX))
curve = rng.normal(size=(len(COUPONS), CTX))
common = rng.normal(size=CTX)


def uplift(ctx):
    """expected uplift of every coupon: the mood common to all of them plus the taste for one"""
    mood = 0.9 * np.sin(ctx @ common / 2)[:, None]
    own = 0.35 * ctx @ taste.T + 0.5 * np.tanh(ctx * 1.5) @ curve.T / np.sqrt(CTX)
    return mood + own


ctx = rng.normal(size=(N_LOG, CTX))
shown = rng.randint(len(COUPONS), size=N_LOG)
gain = uplift(ctx)[np.arange(N_LOG), shown] + 0.4 * rng.normal(size=N_LOG)
new_ctx = rng.normal(size=(N_EVAL, CTX))
truth = uplift(new_ctx)

gain_mu, gain_sd = gain.mean(), gain.std()
X = torch.tensor(ctx, dtype=torch.float32)
A = torch.tensor(shown)
R = torch.tensor((gain - gain_mu) / gain_sd, dtype=torch.float32)
XE = torch.tensor(new_ctx, dtype=torch.float32)


class CouponValue(nn.Module):
    def __init__(self, names, width=96):
        super().__init__()
        self.names = list(names)
        self.body = nn.Sequential(nn.Linear(CTX, width), nn.Mish(), nn.Linear(width, width), nn.Mish())
        self.heads = nn.ModuleDict(dict.fromkeys(names, nn.Linear(width, 1)))

    def forward(self, ctx):
        h = self.body(ctx)
        return torch.cat([self.heads[n](h) for n in self.names], dim=1)


def policy_value(model):
    model.eval()
    with torch.no_grad():
        q = model(XE)
    choice = q.argmax(1).numpy()
    model.train()
    got = truth[np.arange(N_EVAL), choice].mean()
    best, blind = truth.max(1).mean(), truth.mean()
    r2 = 1 - ((q.numpy() * gain_sd + gain_mu - truth) ** 2).mean() / truth.var()
    return (got - blind) / (best - blind), r2, np.bincount(choice, minlength=len(COUPONS))


model = CouponValue(COUPONS)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=1e-4)
EPOCHS = 16
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)

for epoch in range(EPOCHS):
    perm = torch.randperm(N_LOG)
    mse = 0.0
    for pick in perm.split(100):
        q = model(X[pick]).gather(1, A[pick].unsqueeze(1)).squeeze(1)
        loss = (q - R[pick]).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        mse += loss.item() * len(pick) / N_LOG
    scheduler.step()
    if epoch % 3 == 0:
        share, r2, _ = policy_value(model)
        print("epoch %02d  logged mse %.4f  uplift R2 %.3f  share of possible gain %.3f" % (epoch, mse, r2, share))

share, r2, counts = policy_value(model)
print("coupons shown:", dict(zip(COUPONS, counts.tolist())))
print("policy value: %.4f of the possible gain (uplift R2 %.4f)" % (share, r2))
