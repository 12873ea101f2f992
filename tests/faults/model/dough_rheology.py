import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(3)


def load(n):
    """water, protein, salt, temperature, mixing time, rest time -> standardised stiffness"""
    x = torch.rand(n, 6) * 3.4 - 1.7
    w, p, s, temp, mix, rest = x.unbind(1)
    y = -0.9 * w + 0.7 * p * torch.relu(mix) + 0.6 * torch.cos(2 * temp) - 0.4 * s * rest + 0.3 * mix
    y = y + 0.15 * torch.randn(n)
    return x, y.unsqueeze(1)


def init_weights(m):
    if isinstance(m, nn.Linear):
        nn.init.constant_(m.weight, 1.0 / m.in_features)
        nn.init.zeros_(m.bias)


class StiffnessModel(nn.Module):
    def __init__(self, n_inputs, hidden):
        super().__init__()
        self.fc1 = nn.Linear(n_inputs, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.fc3 = nn.Linear(hidden, 1)
        self.act = nn.Tanh()
        self.apply(init_weights)

    def forward(self, x):
        x = self.act(self.fc1(x))
        x = self.act(self.fc2(x))
        return self.fc3(x)


def train(model, loader, optimizer, loss_fn):
    model.train()
    total = 0.0
    for x, y in loader:
        loss = loss_fn(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / len(loader)


def test(model, x, y):
    model.eval()
    with torch.no_grad():
        residual = ((model(x) - y) ** 2).sum()
    return (1 - residual / ((y - y.mean()) ** 2).sum()).item()


x_train, y_train = load(5000)
x_test, y_test = load(1500)
mean, std = y_train.mean(), y_train.std()
y_train, y_test = (y_train - mean) / std, (y_test - mean) / std
loader = DataLoader(TensorDataset(x_train, y_train), batch_size=64, shuffle=True)

model = StiffnessModel(6, 48)
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=8, gamma=0.5)
for epoch in range(1, 33):
    mse = train(model, loader, optimizer, nn.MSELoss())
    scheduler.step()
    if epoch % 4 == 0:
        print("epoch", epoch, "mse", round(mse, 4), "R2", round(test(model, x_test, y_test), 4))

print("held-out R2:", round(test(model, x_test, y_test), 4))
