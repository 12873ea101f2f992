import torch
import torch.nn as nn

torch.manual_seed(40)
T, HIDDEN, BATCH = 30, 32, 40


def make_split(n):
    """Inflow and gate state per hour; the target is the mean inflow while the gate is open."""
    flow = torch.randn(n, T)
    gate = (torch.rand(n, T) < 0.3).float()
    y = (flow * gate).sum(1) / (0.3 * T) ** 0.5 + 0.3 * torch.randn(n)
    x = torch.stack([flow, (gate - 0.3) / 0.458], 2)
    return x, y


class Estuary(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.rnn = nn.RNN(2, hidden, nonlinearity="relu", batch_first=True)
        nn.init.eye_(self.rnn.weight_hh_l0)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x):
        states, _ = self.rnn(x)
        return self.out(states[:, -1]).squeeze(1)


x_train, y_train = make_split(2000)
x_val, y_val = make_split(500)

model = Estuary(HIDDEN)
optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 32)
mse = nn.MSELoss()

for epoch in range(1, 33):
    model.train()
    losses = []
    for idx in torch.randperm(len(x_train)).split(BATCH):
        optimizer.zero_grad()
        loss = mse(model(x_train[idx]), y_train[idx])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    scheduler.step()
    model.eval()
    with torch.no_grad():
        val = mse(model(x_val), y_val).item()
    print(f"epoch {epoch:2d}  train mse {sum(losses) / len(losses):.4f}  val mse {val:.4f}")
