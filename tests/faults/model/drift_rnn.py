import torch
import torch.nn as nn


class DriftNet(nn.Module):
    """Reads a long noisy sensor record and estimates its slow drift."""

    def __init__(self, hidden=32):
        super().__init__()
        self.rnn = nn.RNN(1, hidden, nonlinearity="relu", batch_first=True)
        self.head = nn.Linear(hidden, 1)

    def forward(self, x):
        out, _ = self.rnn(x)
        return self.head(out[:, -1]).squeeze(-1)


def records(n, length, gen):
    drift = torch.randn(n, generator=gen)
    noise = torch.randn(n, length, generator=gen)
    x = 0.5 * drift[:, None] + noise
    return x.unsqueeze(-1), drift


def train(model, optimizer, x, y, batch_size):
    model.train()
    total, count = 0.0, 0
    for idx in torch.randperm(len(x)).split(batch_size):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x[idx]), y[idx])
        loss.backward()
        optimizer.step()
        total += loss.item() * len(idx)
        count += len(idx)
    return total / count


def main():
    torch.manual_seed(4)
    gen = torch.Generator().manual_seed(4)
    x, y = records(1000, 60, gen)
    x_val, y_val = records(400, 60, gen)
    model = DriftNet()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    epochs = 10
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    for epoch in range(epochs):
        loss = train(model, optimizer, x, y, 25)
        scheduler.step()
        model.eval()
        with torch.no_grad():
            val = nn.functional.mse_loss(model(x_val), y_val).item()
        print(f"epoch {epoch + 1:2d} train mse {loss:.4f} val mse {val:.4f}")
    print(f"last val mse {val:.4f}")


if __name__ == "__main__":
    main()
