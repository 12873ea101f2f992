import torch
import torch.nn as nn
from sklearn.datasets import make_friedman2
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

torch.manual_seed(31)
LAMBDA = 0.05

X, y = make_friedman2(n_samples=2000, noise=30.0, random_state=31)
X_train, X_test, y_train, y_test = train_test_split(X, y.reshape(-1, 1), test_size=0.3, random_state=1)
sx, sy = StandardScaler().fit(X_train), StandardScaler().fit(y_train)
X_train, X_test = [torch.tensor(sx.transform(a), dtype=torch.float) for a in (X_train, X_test)]
y_train, y_test = [torch.tensor(sy.transform(a), dtype=torch.float) for a in (y_train, y_test)]

model = nn.Sequential()
for i, (a, b) in enumerate([(4, 40), (40, 40)]):
    model.add_module(f"dense{i}", nn.Linear(a, b))
    model.add_module(f"act{i}", nn.ELU())
model.add_module("strength", nn.Linear(40, 1))


def penalty(net):
    return sum(w.pow(2).sum() for name, w in net.named_parameters() if name.endswith("weight"))


opt = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
scheduler = torch.optim.lr_scheduler.StepLR(opt, step_size=15, gamma=0.3)
history = []
for epoch in range(40):
    model.train()
    for idx in torch.randperm(len(X_train)).split(64):
        opt.zero_grad()
        fit = nn.functional.mse_loss(model(X_train[idx]), y_train[idx])
        (fit + LAMBDA * penalty(model)).backward()
        opt.step()
    scheduler.step()
    model.eval()
    with torch.no_grad():
        train_mse = nn.functional.mse_loss(model(X_train), y_train).item()
        test_mse = nn.functional.mse_loss(model(X_test), y_test).item()
    history.append((train_mse, test_mse))
    if epoch % 5 == 4:
        print(f"{epoch + 1:3d}  train {train_mse:.4f}  test {test_mse:.4f}")

r2 = 1 - history[-1][1] / y_test.var(unbiased=False).item()
print(f"R2 on held-out bricks: {r2:.4f}")
