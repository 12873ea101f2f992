import math
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset, random_split

SEQ, LETTERS = 24, 4
MOTIFS = [[0, 3, 0, 2, 1, 1], [2, 2, 1, 3, 0, 3], [3, 1, 3, 0, 0, 2], [1, 0, 2, 3, 3, 1]]


def make_sequences(n, seed):
    g = torch.Generator().manual_seed(seed)
    x = torch.randint(0, LETTERS, (n, SEQ), generator=g)
    y = torch.randint(0, len(MOTIFS), (n,), generator=g)
    start = torch.randint(0, SEQ - 6, (n,), generator=g)
    for i in range(n):
        x[i, start[i]:start[i] + 6] = torch.tensor(MOTIFS[y[i]])
    return TensorDataset(x, y)


class PromoterFormer(nn.Module):
    def __init__(self, d=32, heads=4, depth=2):
        super().__init__()
        self.tok = nn.Embedding(LETTERS, d)
        pos = torch.arange(SEQ)[:, None] * torch.exp(-math.log(1e3) * torch.arange(0, d, 2) / d)
        self.register_buffer("pos", torch.cat([pos.sin(), pos.cos()], 1))
        self.mix = nn.Conv1d(d, d, 5, padding=2)
        layer = nn.TransformerEncoderLayer(d, heads, 64, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)
        self.head = nn.Linear(d, len(MOTIFS))

    def forward(self, x):
        h = self.tok(x) + self.pos
        h = h + torch.relu(self.mix(h.transpose(1, 2))).transpose(1, 2)
        return self.head(self.encoder(h).amax(1))


class Trainer:
    def __init__(self, model, lr, epochs):
        self.model, self.epochs = model, epochs
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=0.01)
        self.criterion = nn.CrossEntropyLoss()

    def step(self, batch):
        x, y = batch
        loss = self.criterion(self.model(x), y)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    @torch.no_grad()
    def validate(self, loader):
        self.model.eval()
        outs = [(self.model(x), y) for x, y in loader]
        logits, y = torch.cat([o for o, _ in outs]), torch.cat([t for _, t in outs])
        return self.criterion(logits, y).item(), (logits.argmax(-1) == y).float().mean().item()

    def fit(self, train, val):
        for e in range(self.epochs):
            self.model.train()
            losses = [self.step(b) for b in train]
            vl, va = self.validate(val)
            print(f"epoch {e}: train {sum(losses) / len(losses):.4f} val {vl:.4f} acc {va:.4f}")
        return va


torch.manual_seed(12)
train_ds, val_ds = random_split(make_sequences(2600, 2), [2000, 600])
trainer = Trainer(PromoterFormer(), lr=1.4e-2, epochs=8)
acc = trainer.fit(DataLoader(train_ds, 64, shuffle=True), DataLoader(val_ds, 200))
print(f"validation accuracy: {acc:.4f}")
