import torch

torch.manual_seed(21)
gen = torch.Generator().manual_seed(5)

# 500 hobby gardeners gave 1-to-5 style marks to 200 ferns
USERS, ITEMS, K = 500, 200, 6
true_u = torch.randn(USERS, 3, generator=gen)
true_v = torch.randn(ITEMS, 3, generator=gen)
u = torch.randint(USERS, (30000,), generator=gen)
v = torch.randint(ITEMS, (30000,), generator=gen)
marks = 3.0 + 0.5 * (true_u[u] * true_v[v]).sum(1) + 0.3 * torch.randn(30000, generator=gen)
tr, te = slice(0, 24000), slice(24000, 30000)

P = (0.3 * torch.randn(USERS, K)).requires_grad_()
Q = (0.3 * torch.randn(ITEMS, K)).requires_grad_()
bu = torch.zeros(USERS, requires_grad=True)
bi = torch.zeros(ITEMS, requires_grad=True)
mu = marks[tr].mean()
LAM = 0.25

opt = torch.optim.Adam([P, Q, bu, bi], lr=0.01)
sched = torch.optim.lr_scheduler.StepLR(opt, 12, gamma=0.3)


def predict(a, b):
    return mu + bu[a] + bi[b] + (P[a] * Q[b]).sum(1)


ut, vt, mt = u[tr], v[tr], marks[tr]
for epoch in range(30):
    order = torch.randperm(len(ut))
    se = 0.0
    for chunk in order.split(256):
        a, b, m = ut[chunk], vt[chunk], mt[chunk]
        err = m - predict(a, b)
        reg = P[a].pow(2).sum(1) + Q[b].pow(2).sum(1) + bu[a].pow(2) + bi[b].pow(2)
        loss = (err.pow(2) + LAM * reg).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        se += err.detach().pow(2).sum().item()
    sched.step()
    with torch.no_grad():
        rmse = (marks[te] - predict(u[te], v[te])).pow(2).mean().sqrt().item()
    if epoch % 3 == 2:
        print(f"{epoch + 1:3d}  train rmse {(se / len(ut)) ** 0.5:.4f}  test rmse {rmse:.4f}")
print(f"test rmse {rmse:.4f}")
