import torch
import torch.nn as nn
import torch.nn.functional as F
from dataclasses import dataclass


@dataclass
class Config:
    vocab: int = 40
    dim: int = 96
    seq_len: int = 24
    batch: int = 32
    steps: int = 300
    lr: float = 2e-3
    seed: int = 1


def make_corpus(cfg, n):
    """Second order markov chain over `vocab` words."""
    gen = torch.Generator().manual_seed(5)
    table = torch.randint(0, cfg.vocab, (cfg.vocab, 4), generator=gen)
    probs = torch.tensor([0.7, 0.15, 0.1, 0.05])
    out = [0]
    choice = torch.multinomial(probs, n, replacement=True, generator=gen).tolist()
    table = table.tolist()
    for c in choice:
        out.append(table[out[-1]][c])
    return torch.tensor(out)


class GRULanguageModel(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.embed = nn.Embedding(cfg.vocab, cfg.dim)
        self.gru = nn.GRU(cfg.dim, cfg.dim, batch_first=True)
        self.proj = nn.Linear(cfg.dim, cfg.vocab)
        for name, p in self.named_parameters():
            if p.dim() > 1:
                nn.init.normal_(p, mean=0.0, std=0.5)

    def forward(self, idx):
        h, _ = self.gru(self.embed(idx))
        return self.proj(h)


def get_batch(data, cfg):
    i = torch.randint(0, len(data) - cfg.seq_len - 1, (cfg.batch,))
    x = torch.stack([data[j:j + cfg.seq_len] for j in i])
    y = torch.stack([data[j + 1:j + cfg.seq_len + 1] for j in i])
    return x, y


@torch.no_grad()
def estimate(model, data, cfg, iters=20):
    model.eval()
    total = 0
    for _ in range(iters):
        x, y = get_batch(data, cfg)
        total += F.cross_entropy(model(x).flatten(0, 1), y.flatten()).item()
    model.train()
    return total / iters


cfg = Config()
torch.manual_seed(cfg.seed)
corpus = make_corpus(cfg, 40000)
train_data, val_data = corpus[:36000], corpus[36000:]
model = GRULanguageModel(cfg)
optimizer = torch.optim.AdamW(model.parameters(), lr=cfg.lr)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, cfg.steps)
for step in range(1, cfg.steps + 1):
    x, y = get_batch(train_data, cfg)
    loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten())
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    scheduler.step()
    if step % 100 == 0:
        print(f"step {step}: train {loss.item():.3f} val {estimate(model, val_data, cfg):.3f}")
print(f"validation perplexity: {torch.tensor(estimate(model, val_data, cfg, 40)).exp().item():.3f}")
