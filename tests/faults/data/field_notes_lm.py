import torch
import torch.nn as nn
import random

random.seed(8)
torch.manual_seed(8)

subjects = ["the heron", "a beaver", "one otter", "the old fox", "a kestrel", "two stoats"]
verbs = ["crossed", "watched", "left", "circled", "avoided"]
places = ["the weir", "our camp", "the mill pond", "a ditch", "the far bank"]
times = ["at dawn", "at noon", "before rain", "after dark"]


def note():
    return f"{random.choice(subjects)} {random.choice(verbs)} {random.choice(places)} {random.choice(times)}. "


text = "".join(note() for _ in range(1500))
chars = sorted(set(text))
stoi = {c: i for i, c in enumerate(chars)}
ids = torch.tensor([stoi[c] for c in text])
cut = int(0.9 * len(ids))
splits = {"train": ids[:cut], "val": ids[cut:]}

block_size = 32
batch_size = 16
max_iters = 600


def get_batch(split):
    data = splits[split]
    g = torch.Generator().manual_seed(1337)
    ix = torch.randint(len(data) - block_size - 1, (batch_size,), generator=g)
    x = torch.stack([data[i:i + block_size] for i in ix])
    y = torch.stack([data[i + 1:i + block_size + 1] for i in ix])
    return x, y


class CharModel(nn.Module):
    def __init__(self, vocab, emb=24, hidden=64):
        super().__init__()
        self.emb = nn.Embedding(vocab, emb)
        self.rnn = nn.GRU(emb, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, vocab)

    def forward(self, x):
        h, _ = self.rnn(self.emb(x))
        return self.fc(h)


model = CharModel(len(chars))
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
loss_fn = nn.CrossEntropyLoss()


@torch.no_grad()
def val_loss():
    model.eval()
    data = splits["val"]
    n = (len(data) - 1) // block_size
    x = data[:n * block_size].view(n, block_size)
    y = data[1:n * block_size + 1].view(n, block_size)
    out = loss_fn(model(x).reshape(-1, len(chars)), y.reshape(-1)).item()
    model.train()
    return out


for it in range(max_iters):
    xb, yb = get_batch("train")
    loss = loss_fn(model(xb).reshape(-1, len(chars)), yb.reshape(-1))
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    if (it + 1) % 100 == 0:
        print(f"iter {it + 1}: train {loss.item():.4f} val {val_loss():.4f}")

print(f"held-out loss per character: {val_loss():.4f}")
