# Predict a decayed running sum of a random sequence with a plain recurrent network
import numpy as np
import torch
from torch import nn

np.random.seed(0)
torch.manual_seed(0)

SEQ, HID = 40, 32


def make_batch(n):
    x = np.random.randn(n, SEQ, 1).astype(np.float32)
    y = np.zeros((n,), dtype=np.float32)
    for t in range(SEQ):
        y = 0.85 * y + 0.5 * x[:, t, 0]
    return torch.from_numpy(x), torch.from_numpy(y).unsqueeze(1)


class SumRNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(1, HID, nonlinearity="relu", batch_first=True)
        self.fc = nn.Linear(HID, 1)
        nn.init.orthogonal_(self.rnn.weight_hh_l0, gain=1.6)

    def forward(self, x):
        out, _ = self.rnn(x)
        return self.fc(out[:, -1])


X, Y = make_batch(1280)
X_val, Y_val = make_batch(320)
model = SumRNN()
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
loss_fn = nn.MSELoss()
for epoch in range(8):
    perm = torch.randperm(len(X))
    model.train()
    for k in range(0, len(X), 64):
        b = perm[k : k + 64]
        opt.zero_grad()
        loss = loss_fn(model(X[b]), Y[b])
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        val = loss_fn(model(X_val), Y_val).item()
    print(f"epoch {epoch + 1:2d}   train {loss.item():.4f}   val {val:.4f}")
