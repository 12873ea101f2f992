"""Which fault is a metro ticket gate heading for?  Read from its last 24 event codes.

Codes: 0 pad-like idle, 1 open, 2 close, 3 blocked, 4 reset, 5..11 ordinary traffic.
"""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

CODES, LENGTH, FAULTS = 12, 24, 4


def event_logs(n, rng):
    logs = rng.choice(CODES, size=(n, LENGTH), p=[.08, .12, .12, .10, .04] + [.54 / 7] * 7)
    label = np.zeros(n, dtype=np.int64)
    for i, log in enumerate(logs):
        opened, strain = False, 0
        for code in log:
            if code == 1:
                opened = True
            elif code == 2:
                opened = False
            elif code == 3:
                strain += 1 if opened else 0
            elif code == 4:
                strain = 0
        label[i] = 2 * (strain >= 1) + opened
    return torch.from_numpy(logs), torch.from_numpy(label)


class GateReader(nn.Module):
    def __init__(self, dim=16, hidden=48):
        super().__init__()
        self.embed = nn.Embedding(CODES, dim)
        self.rnn = nn.GRU(dim, hidden, batch_first=True)
        self.norm = nn.LayerNorm(hidden)
        self.head = nn.Sequential(nn.Linear(hidden, 48), nn.ReLU(), nn.Linear(48, FAULTS))

    def forward(self, logs):
        states, _ = self.rnn(self.embed(logs))
        return self.head(self.norm(states[:, -1]))


def build_optimizer(model, lr, weight_decay):
    named = list(model.named_parameters())
    matrices = [p for name, p in named if name.endswith("weight") and "norm" not in name]
    others = [p for name, p in named if name.endswith("bias") or "norm" in name]
    return torch.optim.AdamW([
        {"params": matrices, "weight_decay": weight_decay},
        {"params": others, "weight_decay": 0.0},
    ], lr=lr, betas=(0.9, 0.98))


def accuracy(model, loader):
    model.eval()
    right = total = 0
    with torch.no_grad():
        for logs, label in loader:
            right += (model(logs).argmax(-1) == label).sum().item()
            total += len(label)
    model.train()
    return right / total


def fit(epochs=6, lr=8e-3):
    torch.manual_seed(2)
    rng = np.random.default_rng(2)
    train = TensorDataset(*event_logs(6000, rng))
    test = DataLoader(TensorDataset(*event_logs(1000, rng)), batch_size=500)
    loader = DataLoader(train, batch_size=100, shuffle=True)
    model = GateReader()
    optimizer = build_optimizer(model, lr, 0.01)
    warm, total, done = 30, epochs * len(loader), 0
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: min((s + 1) / warm, max(0.01, (total - s) / (total - warm))))
    loss_fn = nn.CrossEntropyLoss()
    for epoch in range(epochs):
        tally = []
        for logs, label in loader:
            loss = loss_fn(model(logs), label)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
            schedule.step()
            tally.append(loss.item())
        print(f"epoch {epoch + 1}: loss {np.mean(tally):.4f}, test accuracy {accuracy(model, test):.4f}")
    return accuracy(model, test)


if __name__ == "__main__":
    print(f"Gate faults, test accuracy = {fit():.4f}")
