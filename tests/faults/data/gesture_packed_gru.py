import math
import random
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence
from torch.utils.data import DataLoader, Dataset

random.seed(8)
torch.manual_seed(8)
NAMES = ["circle", "wave", "swipe", "zigzag"]


class GestureSet(Dataset):
    def __init__(self, n):
        self.samples = []
        for _ in range(n):
            kind = random.randrange(4)
            length = random.randint(10, 36)
            s = torch.linspace(0, 1, length)
            a, phi = random.uniform(0.8, 1.3), random.uniform(0, 2 * math.pi)
            if kind == 0:
                x, y = torch.cos(2 * math.pi * s + phi), torch.sin(2 * math.pi * s + phi)
            elif kind == 1:
                x, y = 2 * s - 1, torch.sin(4 * math.pi * s + phi)
            elif kind == 2:
                x, y = (2 * s - 1) * math.cos(phi), (2 * s - 1) * math.sin(phi)
            else:
                x, y = ((6 * s + phi) % 2 - 1).abs() * 2 - 1, 2 * s - 1
            path = a * torch.stack([x, y], 1) + 0.15 * torch.randn(length, 2)
            self.samples.append((path, kind))

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, i):
        return self.samples[i]


def collate(batch):
    paths, kinds = zip(*batch)
    lengths = torch.tensor([len(p) for p in paths])
    lengths, order = lengths.sort(descending=True)
    padded = pad_sequence([paths[i] for i in order], batch_first=True)
    return padded, lengths, torch.tensor(kinds)


class GestureGRU(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.gru = nn.GRU(2, hidden, batch_first=True)
        self.out = nn.Linear(hidden, len(NAMES))

    def forward(self, padded, lengths):
        _, h = self.gru(pack_padded_sequence(padded, lengths, batch_first=True))
        return self.out(h[-1])


train_loader = DataLoader(GestureSet(1400), batch_size=16, shuffle=True, collate_fn=collate)
val_loader = DataLoader(GestureSet(250), batch_size=1, collate_fn=collate)
model = GestureGRU()
loss_fn = nn.CrossEntropyLoss()
optim = torch.optim.Adam(model.parameters(), lr=3e-3)

for epoch in range(1, 7):
    model.train()
    losses = []
    for padded, lengths, kinds in train_loader:
        optim.zero_grad()
        loss = loss_fn(model(padded, lengths), kinds)
        loss.backward()
        optim.step()
        losses.append(loss.item())
    model.eval()
    right, val_loss = 0, 0.0
    with torch.no_grad():
        for padded, lengths, kinds in val_loader:
            logits = model(padded, lengths)
            val_loss += loss_fn(logits, kinds).item()
            right += (logits.argmax(1) == kinds).sum().item()
    acc = right / len(val_loader.dataset)
    print(f"epoch {epoch}  loss {sum(losses) / len(losses):.3f}  val loss {val_loss / len(val_loader.dataset):.3f}  val acc {acc:.3f}")
print("gesture accuracy:", round(acc, 4))
