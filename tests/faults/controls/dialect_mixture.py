import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset


class MixtureOfSoftmaxes(nn.Module):
    """Output layer of Yang et al. (2018): a weighted mean of K softmax distributions."""

    def __init__(self, dim, classes, k=3):
        super().__init__()
        self.k, self.classes = k, classes
        self.prior = nn.Linear(dim, k)
        self.latent = nn.Linear(dim, k * dim)
        self.decoder = nn.Linear(dim, classes)

    def forward(self, h):
        pi = torch.softmax(self.prior(h), dim=-1)
        z = torch.tanh(self.latent(h)).view(-1, self.k, h.shape[-1])
        probs = torch.softmax(self.decoder(z), dim=-1)
        return (pi.unsqueeze(-1) * probs).sum(1)


class NextSyllable(nn.Module):
    def __init__(self, vocab=24, dim=24):
        super().__init__()
        self.embed = nn.Embedding(vocab, dim)
        self.mix = nn.Sequential(nn.Linear(3 * dim, 48), nn.ReLU(), nn.Linear(48, dim), nn.ReLU())
        self.out = MixtureOfSoftmaxes(dim, vocab)

    def forward(self, ctx):
        return self.out(self.mix(self.embed(ctx).flatten(1)))


def corpus(length, table, gen):
    seq = [0, 1, 2]
    noise = torch.rand(length, generator=gen)
    rnd = torch.randint(0, 24, (length,), generator=gen)
    for t in range(length):
        nxt = table[seq[-1], seq[-3] % 4].item() if noise[t] < 0.8 else rnd[t].item()
        seq.append(nxt)
    seq = torch.tensor(seq)
    return torch.stack([seq[:-3], seq[1:-2], seq[2:-1]], 1), seq[3:]


torch.manual_seed(81)
gen = torch.Generator().manual_seed(81)
table = torch.randint(0, 24, (24, 4), generator=gen)
x, y = corpus(9000, table, gen)
xv, yv = corpus(2000, table, gen)
model = NextSyllable()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3, weight_decay=1e-4)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 5, 0.4)

for epoch in range(12):
    model.train()
    total = 0.0
    for xb, yb in DataLoader(TensorDataset(x, y), batch_size=90, shuffle=True):
        loss = F.nll_loss(torch.log(model(xb) + 1e-8), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(xb)
    scheduler.step()
    model.eval()
    with torch.no_grad():
        probs = model(xv)
        val = F.nll_loss(torch.log(probs + 1e-8), yv).item()
        acc = (probs.argmax(1) == yv).float().mean().item()
    print(f"epoch {epoch + 1:2d} | train {total / len(x):.4f} | val {val:.4f} | acc {acc:.4f}")

print(f"validation accuracy {acc:.4f}")
