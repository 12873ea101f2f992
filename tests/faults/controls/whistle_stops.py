# minutes a branch-line train waits at a request stop, from the hour of the day and the number of people waiting
import numpy as np
import torch

np.random.seed(29)
torch.manual_seed(29)

def waits(n):
    hour = np.random.uniform(5, 23, n)
    people = np.random.poisson(3 + 4 * np.exp(-(hour - 8) ** 2 / 4) + 3 * np.exp(-(hour - 17.5) ** 2 / 6))
    mean = 0.6 + 0.12 * people + 0.5 * np.exp(-(hour - 8) ** 2 / 3) + 0.3 * np.sin(hour / 3)
    spread = 0.4 + 0.05 * people
    return np.c_[hour, people], mean + spread * np.random.randn(n)

Xa, ya = waits(10000)
Xb, yb = waits(800)
mx, sx = Xa.mean(0), Xa.std(0)
my, sy = ya.mean(), ya.std()
Xa, Xb = [torch.from_numpy((v - mx) / sx).float() for v in (Xa, Xb)]
ya, yb = [torch.from_numpy((v - my) / sy).float().unsqueeze(1) for v in (ya, yb)]

H = 32
w1 = torch.nn.Linear(2, H)
w2 = torch.nn.Linear(H, H)
w3 = torch.nn.Linear(H, 1)
params = [*w1.parameters(), *w2.parameters(), *w3.parameters()]

def net(x):
    return w3(torch.tanh(w2(torch.tanh(w1(x)))))

lr0 = 0.05
steps = 2400
opt = torch.optim.SGD(params, lr=lr0, momentum=0.9)
avg = None
for step in range(1, steps + 1):
    for g in opt.param_groups:
        g["lr"] = lr0 * min(1.0, 2.0 * (1 - step / (steps + 1)))
    i = torch.randint(0, len(Xa), (128,))
    loss = ((net(Xa[i]) - ya[i]) ** 2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    avg = loss.item() if avg is None else 0.98 * avg + 0.02 * loss.item()
    if step % 200 == 0:
        with torch.no_grad():
            mse = ((net(Xb) - yb) ** 2).mean().item()
        print("step", step, "smoothed loss %.4f" % avg, "held-out mse %.4f" % mse, "R2 %.4f" % (1 - mse / yb.var(unbiased=False).item()))
with torch.no_grad():
    r2 = 1 - ((net(Xb) - yb) ** 2).mean() / yb.var(unbiased=False)
    r2_train = 1 - ((net(Xa) - ya) ** 2).mean() / ya.var(unbiased=False)
print("R2 on the training rows %.4f" % r2_train.item())
print("R2 on 800 new rows: %.4f" % r2.item())
