import torch
import torch.nn as nn

torch.manual_seed(19)

x = torch.rand(1000, 1) * 6 - 3
y = torch.sin(2 * x) + 0.3 * x + 0.1 * torch.randn_like(x)
y = (y - y.mean()) / y.std()
x = x / 1.73
x_train, y_train, x_val, y_val = x[:800], y[:800], x[800:], y[800:]

model = nn.Sequential(nn.Linear(1, 40), nn.Tanh(), nn.Linear(40, 40), nn.Tanh(), nn.Linear(40, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
data_loss = nn.MSELoss()
l2_lambda = 0.01


def l2_penalty(net):
    return sum(p.pow(2).sum() for p in net.parameters())


for epoch in range(60):
    order = torch.randperm(800)
    for k in range(0, 800, 40):
        i = order[k:k + 40]
        fit = data_loss(model(x_train[i]), y_train[i])
        loss = fit + l2_lambda * l2_penalty(model)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if (epoch + 1) % 10 == 0:
        with torch.no_grad():
            v = data_loss(model(x_val), y_val)
        print(f"{epoch + 1}: fit {fit.item():.4f} total {loss.item():.4f} validation {v.item():.4f}")

print("validation mse", f"{v.item():.4f}")
