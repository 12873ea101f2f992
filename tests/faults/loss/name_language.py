# Guess the language of a made-up surname with a character GRU.
import random
import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence

random.seed(3)
torch.manual_seed(3)

SYLLABLES = {
    "italian": "ro si ni lli tti ca ma do ri lo be va ghi no to".split(),
    "german": "sch ber mann stein burg er holz ach wei bach hof lin den".split(),
    "japanese": "ka mo to ya shi ta na ga wa sa ki mu ra no ri hi".split(),
    "polish": "wski czy sz ko wa dz now iak rze ski mi lew ni".split(),
    "english": "son ton ham ley ford wood er bur ing well hill by ma".split(),
    "hungarian": "sz gy ke var ho os na ta la er di csi be ny".split(),
}
LANGS = list(SYLLABLES)
ALPHABET = "abcdefghijklmnopqrstuvwxyz"


def make_name(lang):
    return "".join(random.choice(SYLLABLES[lang]) for _ in range(random.randint(2, 4)))


def encode(name):
    return torch.tensor([ALPHABET.index(c) + 1 for c in name])


data = [(make_name(l), i) for i, l in enumerate(LANGS) for _ in range(350)]
random.shuffle(data)
seen, unique = set(), []
for name, lab in data:
    if name not in seen:
        seen.add(name)
        unique.append((encode(name), lab))
n_val = len(unique) // 5
val_set, train_set = unique[:n_val], unique[n_val:]
print(len(train_set), "training names,", len(val_set), "validation names")


def collate(items):
    xs, ys = zip(*items)
    return pad_sequence(xs, batch_first=True), torch.tensor([len(x) for x in xs]), torch.tensor(ys)


class CharGRU(nn.Module):
    def __init__(self, emb=16, hidden=32):
        super().__init__()
        self.emb = nn.Embedding(len(ALPHABET) + 1, emb, padding_idx=0)
        self.gru = nn.GRU(emb, hidden, batch_first=True)
        self.out = nn.Linear(hidden, len(LANGS))

    def forward(self, x, lengths):
        packed = nn.utils.rnn.pack_padded_sequence(self.emb(x), lengths, batch_first=True, enforce_sorted=False)
        _, h = self.gru(packed)
        return self.out(h[-1])


model = CharGRU()
loss_fn = nn.CrossEntropyLoss()
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
EPOCHS = 14
decay = torch.optim.lr_scheduler.CosineAnnealingLR(opt, EPOCHS)
train_loader = torch.utils.data.DataLoader(train_set, batch_size=64, shuffle=True, collate_fn=collate)
val_x, val_len, val_y = collate(val_set)

for epoch in range(EPOCHS):
    model.train()
    total = 0
    for x, lengths, y in train_loader:
        probs = torch.softmax(model(x, lengths), dim=-1)
        loss = loss_fn(probs, y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item()
    decay.step()
    model.eval()
    with torch.no_grad():
        val_loss = loss_fn(torch.softmax(model(val_x, val_len), dim=-1), val_y)
        val_acc = (model(val_x, val_len).argmax(-1) == val_y).float().mean()
    print(f"epoch {epoch}: loss {total / len(train_loader):.3f}, val loss {val_loss:.3f}, val acc {val_acc:.3f}")
