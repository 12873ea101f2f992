"""Dispatch messages of unequal length: a masked transformer tells which of 5 desks should read them."""
import torch
from torch import nn
from torch.utils.data import DataLoader

torch.manual_seed(33)
torch.set_num_threads(1)

VOCAB, DESKS, MAX_LEN, PAD = 40, 5, 16, 0


def messages(n):
    """A verb (1-5) and an object (6-10) sit somewhere among filler words; together they pick the desk."""
    out = []
    for _ in range(n):
        size = int(torch.randint(5, MAX_LEN + 1, (1,)))
        words = torch.randint(11, VOCAB, (size,))
        verb, obj = int(torch.randint(0, 5, (1,))), int(torch.randint(0, 5, (1,)))
        a, b = torch.randperm(size)[:2].tolist()
        words[a], words[b] = 1 + verb, 6 + obj
        out.append((words, (verb + obj) % DESKS))
    return out


def collate(items):
    words = nn.utils.rnn.pad_sequence([w for w, _ in items], batch_first=True, padding_value=PAD)
    return words, words.eq(PAD), torch.tensor([d for _, d in items])


class Dispatcher(nn.Module):
    def __init__(self, dim=32):
        super().__init__()
        self.tok = nn.Embedding(VOCAB, dim, padding_idx=PAD)
        self.pos = nn.Parameter(0.02 * torch.randn(MAX_LEN, dim))
        layer = nn.TransformerEncoderLayer(dim, 4, 64, dropout=0.0, batch_first=True, norm_first=True)
        self.enc = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(dim)
        self.out = nn.Sequential(nn.Linear(dim, 64), nn.GELU(), nn.Linear(64, DESKS))

    def forward(self, words, pad):
        h = self.tok(words) + self.pos[: words.shape[1]]
        h = self.norm(self.enc(h, src_key_padding_mask=pad))
        h = h.masked_fill(pad.unsqueeze(-1), 0.0).sum(1) / (~pad).sum(1, keepdim=True)
        return self.out(h)


train = DataLoader(messages(3000), batch_size=50, shuffle=True, collate_fn=collate)
test = DataLoader(messages(600), batch_size=100, collate_fn=collate)
model = Dispatcher()
opt = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
EPOCHS = 9
warm = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=3e-3, total_steps=EPOCHS * len(train))

for epoch in range(EPOCHS):
    model.train()
    total = 0.0
    for words, pad, desk in train:
        loss = nn.functional.cross_entropy(model(words, pad), desk)
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
        warm.step()
        total += loss.item()
    model.eval()
    with torch.no_grad():
        hits = sum((model(w, p).argmax(1) == d).sum().item() for w, p, d in test)
    print(f"epoch {epoch + 1:2d} loss {total / len(train):.4f} test acc {hits / 600:.4f}")
