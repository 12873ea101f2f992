"""Localise the fault type on a power cable from the reflected pulse (TDR trace)."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(29)
KINDS = ("open", "short", "splice", "wet")
LENGTH = 40


def traces(n):
    kind = torch.randint(0, 4, (n,))
    x = 0.25 * torch.randn(n, LENGTH)
    start = torch.randint(5, 25, (n,))
    t = torch.arange(LENGTH)[None, :] - start[:, None]
    inside = (t >= 0).float()
    echo = torch.exp(-t.clamp(min=0) / 4.0) * inside
    ring = torch.cos(t / 1.6) * echo
    shape = torch.stack([echo, -echo, ring, -ring], dim=1)
    x = x + shape[torch.arange(n), kind] * torch.empty(n, 1).uniform_(0.8, 1.4)
    return x.unsqueeze(-1) / x.std(), kind


class TraceLSTM(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.lstm = nn.LSTM(1, hidden, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, len(KINDS))

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.fc(out.mean(dim=1))


def train(model, data, epochs, lr, max_norm):
    x, y = data
    opt = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    for epoch in range(epochs):
        model.train()
        perm = torch.randperm(len(x))
        losses = []
        for i in range(0, len(x), 50):
            b = perm[i:i + 50]
            loss = F.cross_entropy(model(x[b]), y[b])
            opt.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            opt.step()
            losses.append(loss.item())
        print(f"epoch {epoch + 1:2d}  train {sum(losses) / len(losses):.3f}  val %.3f  acc %.3f" % evaluate(model, val))


def evaluate(model, data):
    model.eval()
    with torch.no_grad():
        logits = model(data[0])
    return F.cross_entropy(logits, data[1]).item(), (logits.argmax(1) == data[1]).float().mean().item()


train_data, val = traces(2000), traces(500)
model = TraceLSTM()
train(model, train_data, epochs=16, lr=0.1, max_norm=0.005)
print("validation accuracy: %.4f" % evaluate(model, val)[1])
