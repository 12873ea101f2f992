import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn


class TiedAutoEncoder(nn.Module):
    """The decoder uses the transposed weights of the encoder."""

    def __init__(self, n_in, n_hidden, n_code):
        super().__init__()
        self.w1 = nn.Parameter(torch.empty(n_hidden, n_in))
        self.w2 = nn.Parameter(torch.empty(n_code, n_hidden))
        self.b1 = nn.Parameter(torch.zeros(n_hidden))
        self.b2 = nn.Parameter(torch.zeros(n_code))
        self.c1 = nn.Parameter(torch.zeros(n_hidden))
        self.c2 = nn.Parameter(torch.zeros(n_in))
        nn.init.xavier_uniform_(self.w1)
        nn.init.xavier_uniform_(self.w2)

    def forward(self, x):
        code = F.linear(torch.tanh(F.linear(x, self.w1, self.b1)), self.w2, self.b2)
        h = torch.tanh(F.linear(code, self.w2.t(), self.c1))
        return F.linear(h, self.w1.t(), self.c2)


def main():
    torch.manual_seed(0)
    x = torch.tensor(load_digits().data, dtype=torch.float32) / 16
    x = x[torch.randperm(len(x))]
    x_train, x_test = x[:1500], x[1500:]
    model = TiedAutoEncoder(64, 64, 16)
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
    for epoch in range(18):
        for batch in x_train[torch.randperm(1500)].split(50):
            optimizer.zero_grad()
            F.mse_loss(model(batch), batch).backward()
            optimizer.step()
        with torch.no_grad():
            print("epoch", epoch + 1, "test mse", round(F.mse_loss(model(x_test), x_test).item(), 5))


main()
