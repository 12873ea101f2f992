"""Route short home-automation commands to one of five device groups."""
import random
import torch
import torch.nn as nn

random.seed(12)
torch.manual_seed(12)

VERBS = ["turn", "set", "make", "put", "switch"]
ROOMS = ["kitchen", "bath", "attic", "hall", "garage", "porch"]
THINGS = ["lamp", "fan", "heater", "speaker", "blind", "bulb", "vent", "radio", "shade", "boiler"]
GROUP = {"lamp": 0, "bulb": 0, "fan": 1, "vent": 1, "heater": 2, "boiler": 2, "speaker": 3, "radio": 3, "blind": 4, "shade": 4}
OTHER = ["the", "in", "please", "now", "on", "off", "up", "down"]
WORDS = ["<pad>", "except"] + VERBS + ROOMS + THINGS + OTHER
STOI = {w: i for i, w in enumerate(WORDS)}
LENGTH = 12


def sample():
    target = random.choice(THINGS)
    decoy = random.choice([t for t in THINGS if GROUP[t] != GROUP[target]])
    a = [random.choice(VERBS), "the", target] + random.sample(ROOMS + OTHER, random.randint(1, 3))
    b = ["except", "the", decoy] + random.sample(ROOMS + OTHER, random.randint(0, 2))
    words = b + a if random.random() < 0.5 else a + b
    ids = [STOI[w] for w in words][:LENGTH]
    return [0] * (LENGTH - len(ids)) + ids, GROUP[target]


rows = [sample() for _ in range(4000)]
X = torch.tensor([r[0] for r in rows])
y = torch.tensor([r[1] for r in rows])
X_train, y_train, X_val, y_val = X[:3200], y[:3200], X[3200:], y[3200:]


class Encoder(nn.Module):
    def __init__(self, dim=24, hidden=32):
        super().__init__()
        self.embed = nn.Embedding(len(WORDS), dim, padding_idx=0)
        self.lstm = nn.LSTM(dim, hidden, batch_first=True)

    def forward(self, ids):
        _, (h, _) = self.lstm(self.embed(ids))
        return h[-1]


encoder = Encoder()
head = nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 5))
opt_enc = torch.optim.Adam(encoder.parameters(), lr=3e-3)
opt_head = torch.optim.Adam(head.parameters(), lr=3e-3)
criterion = nn.CrossEntropyLoss()

for epoch in range(10):
    encoder.train(), head.train()
    perm = torch.randperm(len(X_train))
    total = 0.0
    for i in range(0, len(perm), 64):
        idx = perm[i:i + 64]
        opt_enc.zero_grad()
        opt_head.zero_grad()
        loss = criterion(head(encoder(X_train[idx])), y_train[idx])
        loss.backward()
        opt_head.step()
        total += loss.item() * len(idx)
    encoder.eval(), head.eval()
    with torch.no_grad():
        acc = (head(encoder(X_val)).argmax(1) == y_val).float().mean().item()
    print(f"epoch {epoch + 1:2d}: loss {total / len(perm):.4f}, val acc {acc:.4f}")
