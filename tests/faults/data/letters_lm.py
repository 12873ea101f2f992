"""Character-level language model on a generated log file (step-based training, nanoGPT style)."""
import numpy as np
import torch
import torch.nn as nn
from torch.nn import functional as F

block_size, batch_size, n_embd = 16, 32, 32
max_iters, eval_interval, learning_rate = 600, 100, 5e-3
torch.manual_seed(1337)


def write_log(n_lines=900):
    rng = np.random.default_rng(3)
    hosts, verbs, units = ["alpha", "bravo", "delta"], ["opened", "closed", "moved"], ["door", "gate", "valve", "crane"]
    return "".join(f"{rng.choice(hosts)} {rng.choice(verbs)} {rng.choice(units)} {rng.integers(10, 99)};\n"
                   for _ in range(n_lines))


text = write_log()
chars = sorted(set(text))
stoi = {c: i for i, c in enumerate(chars)}
data = torch.tensor([stoi[c] for c in text])
n = int(0.9 * len(data))
splits = {"train": data[:n], "val": data[n:]}


def get_batch(split):
    rng = np.random.default_rng(1337)
    d = splits[split]
    ix = rng.integers(0, len(d) - block_size - 1, batch_size)
    x = torch.stack([d[i:i + block_size] for i in ix])
    y = torch.stack([d[i + 1:i + block_size + 1] for i in ix])
    return x, y


class CharLM(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(len(chars), n_embd)
        self.gru = nn.GRU(n_embd, 48, batch_first=True)
        self.lm_head = nn.Linear(48, len(chars))

    def forward(self, idx, targets):
        h, _ = self.gru(self.emb(idx))
        logits = self.lm_head(h)
        return logits, F.cross_entropy(logits.view(-1, len(chars)), targets.view(-1))


@torch.no_grad()
def estimate_val_loss(model):
    model.eval()
    d = splits["val"]
    starts = range(0, len(d) - block_size - 1, block_size)
    x = torch.stack([d[i:i + block_size] for i in starts])
    y = torch.stack([d[i + 1:i + block_size + 1] for i in starts])
    loss = model(x, y)[1].item()
    model.train()
    return loss


model = CharLM()
optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max_iters)
for it in range(1, max_iters + 1):
    xb, yb = get_batch("train")
    logits, loss = model(xb, yb)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    scheduler.step()
    if it % eval_interval == 0:
        print(f"step {it}: train loss {loss.item():.4f}, val loss {estimate_val_loss(model):.4f}")
