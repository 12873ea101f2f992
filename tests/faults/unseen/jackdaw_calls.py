"""Transformer over short call sequences of jackdaws: which of five situations is it?"""
import torch
from torch import nn

torch.manual_seed(19)
torch.set_num_threads(1)
VOCAB, LENGTH, SITUATIONS = 14, 12, 5


def sequences(n):
    g = torch.Generator().manual_seed(n)
    label = torch.randint(0, SITUATIONS, (n,), generator=g)
    calls = torch.randint(3, VOCAB, (n, LENGTH), generator=g)
    motif = torch.tensor([[0, 1, 2], [2, 1, 0], [3, 0, 4], [1, 3, 2], [4, 4, 0]])
    for i in range(n):
        at = torch.randperm(LENGTH - 3, generator=g)[0].item()
        calls[i, at:at + 3] = motif[label[i]]
    return calls, label


class CallTransformer(nn.Module):
    def __init__(self, dim=32):
        super().__init__()
        self.token = nn.Embedding(VOCAB, dim)
        self.place = nn.Parameter(0.1 * torch.randn(1, LENGTH, dim))
        layer = nn.TransformerEncoderLayer(dim, nhead=4, dim_feedforward=64, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, num_layers=2)
        self.norm = nn.LayerNorm(dim)
        self.classify = nn.Linear(dim, SITUATIONS)

    def forward(self, calls):
        h = self.encoder(self.token(calls) + self.place)
        return self.classify(self.norm(h.mean(dim=1)))


train_x, train_y = sequences(2000)
test_x, test_y = sequences(400)
model = CallTransformer()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-2)

step = 0
for epoch in range(14):
    model.train()
    for idx in torch.randperm(len(train_x)).split(50):
        loss = nn.functional.cross_entropy(model(train_x[idx]), train_y[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        step += 1
        if step % 60 == 0:
            print(f"step {step:4d} loss {loss.item():.3f}")

model.eval()
with torch.no_grad():
    for name, (x, y) in {"train": (train_x, train_y), "test": (test_x, test_y)}.items():
        z = model(x)
        print(f"{name}: loss {nn.functional.cross_entropy(z, y).item():.3f} accuracy {(z.argmax(1) == y).float().mean().item():.3f}")
