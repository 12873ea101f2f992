import random
import torch
import torch.nn as nn

random.seed(6)
torch.manual_seed(6)

SYL = {0: ["ka", "ri", "mo", "to", "shi", "na"], 1: ["wulf", "hild", "ric", "gar", "win", "bert"], 2: ["ello", "ina", "ario", "etta", "uca", "ano"]}
CHARS = "abcdefghijklmnopqrstuvwxyz"


def make_name(lang):
    parts = random.choices(SYL[lang] * 3 + SYL[(lang + 1) % 3], k=random.randint(2, 3))
    return "".join(parts)[:14]


def encode(name):
    ids = [CHARS.index(c) + 1 for c in name]
    return ids + [0] * (14 - len(ids))


pairs = [(encode(make_name(i % 3)), i % 3) for i in range(2400)]
random.shuffle(pairs)
seen, unique = set(), []
for ids, lang in pairs:
    if tuple(ids) not in seen:
        seen.add(tuple(ids))
        unique.append((ids, lang))
X = torch.tensor([p[0] for p in unique])
Y = torch.tensor([p[1] for p in unique])
cut = int(0.75 * len(X))


class NameNet(nn.Module):
    def __init__(self, emb=16, hid=32, drop=0.4):
        super().__init__()
        self.emb = nn.Embedding(27, emb, padding_idx=0)
        self.rnn = nn.GRU(emb, hid, batch_first=True, bidirectional=True)
        self.drop = nn.Dropout(drop)
        self.fc = nn.Linear(2 * hid, 3)

    def forward(self, x):
        out, _ = self.rnn(self.drop(self.emb(x)))
        return self.fc(self.drop(out.max(dim=1).values))


def predict(model, X, Y):
    model.train()
    with torch.no_grad():
        logits = model(X)
    return nn.functional.cross_entropy(logits, Y).item(), (logits.argmax(1) == Y).float().mean().item()


model = NameNet()
opt = torch.optim.Adam(model.parameters(), lr=1.2e-2)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 12)
for epoch in range(12):
    model.train(True)
    for idx in torch.randperm(cut).split(48):
        loss = nn.functional.cross_entropy(model(X[idx]), Y[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
    sched.step()
    vl, va = predict(model, X[cut:], Y[cut:])
    print(f"epoch {epoch + 1:2d}  loss {loss.item():.3f}  val {vl:.3f}  acc {va:.3f}")
print(f"{len(X) - cut} unseen names, loss {vl:.4f}")
