import copy
import torch
import torch.nn as nn

torch.manual_seed(14)


class EarlyStopping:
    def __init__(self, patience=2, min_delta=0.05):
        self.patience, self.min_delta = patience, min_delta
        self.best, self.bad, self.state = float("inf"), 0, None

    def __call__(self, value, model):
        if value < self.best - self.min_delta:
            self.best, self.bad = value, 0
            self.state = copy.deepcopy(model.state_dict())
        else:
            self.bad += 1
        return self.bad >= self.patience


def soil(n):
    """Draught force of a plough: speed, depth, moisture, clay, tilt, slip."""
    x = torch.randn(n, 6)
    y = x[:, 0] * x[:, 1] + torch.sin(2 * x[:, 2]) + 0.5 * x[:, 3] ** 2 + 0.6 * x[:, 4] * torch.tanh(2 * x[:, 5])
    y = y + 0.15 * torch.randn(n)
    return x, ((y - 0.5) / 1.55).unsqueeze(1)


x_train, y_train = soil(2400)
x_val, y_val = soil(500)
x_test, y_test = soil(800)

model = nn.Sequential(nn.Linear(6, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
criterion = nn.MSELoss()
stopper = EarlyStopping()

for epoch in range(80):
    model.train()
    train_loss = 0.0
    for rows in torch.randperm(len(x_train)).split(80):
        optimizer.zero_grad()
        loss = criterion(model(x_train[rows]), y_train[rows])
        loss.backward()
        optimizer.step()
        train_loss += loss.item() * len(rows) / len(x_train)
    model.eval()
    with torch.no_grad():
        val_loss = criterion(model(x_val), y_val).item()
    if epoch % 5 == 0:
        print(f"epoch {epoch}: train {train_loss:.4f} val {val_loss:.4f}")
    if stopper(val_loss, model):
        print(f"stopping after epoch {epoch}")
        break

model.load_state_dict(stopper.state)
model.eval()
with torch.no_grad():
    print(f"test mse: {criterion(model(x_test), y_test).item():.4f}")
