import random

import torch
import torch.nn.functional as F

random.seed(4)
g = torch.Generator().manual_seed(2147)

ONSET = ["b", "c", "d", "f", "l", "m", "p", "r", "s", "th", "v", "ch"]
MID = ["a", "e", "i", "o", "u", "ia", "oe"]
END = ["ra", "lis", "num", "ella", "ica", "um", "osa", "aris"]


def coin_name():
    parts = [random.choice(ONSET) + random.choice(MID) for _ in range(random.randint(1, 2))]
    return "".join(parts) + random.choice(END)


names = [coin_name() for _ in range(1800)]
names = sorted(set(names))
random.shuffle(names)
chars = sorted(set("".join(names)))
stoi = {c: i + 1 for i, c in enumerate(chars)}
stoi["."] = 0
V = len(stoi)
BLOCK = 4


def build(words):
    X, Y = [], []
    for w in words:
        ctx = [0] * BLOCK
        for ch in w + ".":
            X.append(ctx)
            Y.append(stoi[ch])
            ctx = ctx[1:] + [stoi[ch]]
    return torch.tensor(X), torch.tensor(Y)


cut = int(0.85 * len(names))
Xtr, Ytr = build(names[:cut])
Xva, Yva = build(names[cut:])

E_DIM, H = 8, 64
C = torch.randn((V, E_DIM), generator=g)
W1 = torch.randn((BLOCK * E_DIM, H), generator=g) * (5 / 3) / (BLOCK * E_DIM) ** 0.5
b1 = torch.zeros(H)
W2 = torch.randn((H, V), generator=g) * 0.1
b2 = torch.zeros(V)
params = [C, W1, b1, W2, b2]
for p in params:
    p.requires_grad_()


def logits_of(X):
    h = torch.tanh(C[X].flatten(1) @ W1 + b1)
    return h @ W2 + b2


@torch.no_grad()
def perplexity(X, Y):
    return F.cross_entropy(logits_of(X), Y).exp().item()


STEPS = 4000
opt = torch.optim.Adam(params, lr=0.0015)
for step in range(STEPS):
    ix = torch.randint(0, len(Xtr), (64,), generator=g)
    loss = F.cross_entropy(logits_of(Xtr[ix]), Ytr[ix])
    loss.backward()
    if step == int(0.7 * STEPS):
        opt.param_groups[0]["lr"] *= 0.1
    opt.step()
    if step % 400 == 0:
        print(f"{step:5d}/{STEPS} loss {loss.item():.4f}  val ppl {perplexity(Xva, Yva):.3f}")

print(f"train ppl {perplexity(Xtr, Ytr):.3f}")
print(f"validation perplexity {perplexity(Xva, Yva):.4f}")
