import torch
import torch.nn as nn

torch.manual_seed(12)


def make_data(n, length=16):
    """Random walks of brackets; the target is the largest depth reached, standardised."""
    steps = torch.where(torch.rand(n, length) < 0.5, -1, 1)
    depth = steps.cumsum(1).max(1).values.float()
    return steps.float().unsqueeze(-1), ((depth - 2.8) / 2.3).unsqueeze(-1)


class DepthRNN(nn.Module):
    def __init__(self, hidden_dim=32):
        super(DepthRNN, self).__init__()
        self.rnn = nn.GRU(1, hidden_dim, batch_first=True)
        self.fc = nn.Linear(hidden_dim, 1)

    def forward(self, x):
        _, h = self.rnn(x)
        return self.fc(h.squeeze(0))


def fit(model, x, y, x_val, y_val, epochs=30, batch_size=50, lr=0.05, max_norm=0.01):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    criterion = nn.MSELoss()
    for epoch in range(1, epochs + 1):
        model.train()
        for idx in torch.randperm(len(x)).split(batch_size):
            optimizer.zero_grad()
            loss = criterion(model(x[idx]), y[idx])
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            optimizer.step()
        model.eval()
        with torch.no_grad():
            val_loss = criterion(model(x_val), y_val).item()
        if epoch % 5 == 0:
            print("epoch %d, loss %.4f, val loss %.4f" % (epoch, loss.item(), val_loss))
    return val_loss


x_train, y_train = make_data(2000)
x_val, y_val = make_data(600)
print("final val loss %.5f" % fit(DepthRNN(), x_train, y_train, x_val, y_val))
