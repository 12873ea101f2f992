import numpy as np
import torch
from torch import nn

rng = np.random.default_rng(4)
torch.manual_seed(4)

VOCAB, GENERA, LENGTH = 400, 8, 12

# every word leans towards a few genera
affinity = rng.normal(size=(GENERA, VOCAB)) * 1.3
word_probs = np.exp(affinity) / np.exp(affinity).sum(1, keepdims=True)


def sample_descriptions(n):
    genus = rng.integers(0, GENERA, n)
    words = np.stack([rng.choice(VOCAB, LENGTH, p=0.75 * word_probs[g] + 0.25 / VOCAB) for g in genus])
    return torch.from_numpy(words), torch.from_numpy(genus)


class GenusClassifier(nn.Module):
    def __init__(self, dim=12):
        super().__init__()
        self.embed = nn.EmbeddingBag(VOCAB, dim, mode="mean", sparse=True)
        self.mlp = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, 32), nn.ReLU(), nn.Linear(32, GENERA))

    def forward(self, words):
        return self.mlp(self.embed(words))


def accuracy(model, words, genus):
    model.eval()
    with torch.no_grad():
        logits = model(words)
    model.train()
    return (logits.argmax(1) == genus).float().mean().item(), nn.functional.cross_entropy(logits, genus).item()


words, genus = sample_descriptions(9000)
test_words, test_genus = sample_descriptions(1000)

model = GenusClassifier()
# sparse gradients need their own optimiser
embed_opt = torch.optim.SparseAdam(list(model.embed.parameters()), lr=8e-3)
dense_opt = torch.optim.Adam(model.mlp.parameters(), lr=2e-3)
criterion = nn.CrossEntropyLoss()
batch = 60

for epoch in range(6):
    perm = torch.randperm(len(words))
    running = 0.0
    for start in range(0, len(words), batch):
        idx = perm[start:start + batch]
        embed_opt.zero_grad()
        dense_opt.zero_grad()
        loss = criterion(model(words[idx]), genus[idx])
        loss.backward()
        dense_opt.step()
        running += loss.item() * len(idx)
    acc, test_loss = accuracy(model, test_words, test_genus)
    print(f"epoch {epoch}: loss {running / len(words):.4f} test loss {test_loss:.4f} test acc {acc:.4f}")

print("genus accuracy", round(acc, 4))
