"""Triplet embedding of handwritten marks, judged by nearest-neighbour retrieval."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(23)
rng = np.random.default_rng(23)
marks = load_digits()


class Embedder(nn.Module):
    def __init__(self, dim=16):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, dim))

    def forward(self, x):
        return F.normalize(self.net(x), dim=1)


class Retrieval:
    """Gallery of known marks against which queries are matched by cosine similarity."""

    def __init__(self, images, labels):
        self.mean, self.std = images.mean(0), images.std(0) + 1.0
        self.images = torch.tensor((images - self.mean) / self.std, dtype=torch.float32)
        self.labels = torch.tensor(labels)

    def triplets(self, n):
        anchor = torch.randint(0, len(self.labels), (n,))
        pos, neg = anchor.clone(), anchor.clone()
        for i, a in enumerate(anchor.tolist()):
            same = self.labels == self.labels[a]
            pos[i] = rng.choice(torch.nonzero(same).flatten().numpy())
            neg[i] = rng.choice(torch.nonzero(~same).flatten().numpy())
        return self.images[anchor], self.images[pos], self.images[neg]

    def recall_at_1(self, model, images, labels):
        queries = torch.tensor(images / 16.0, dtype=torch.float32)
        model.eval()
        with torch.no_grad():
            sims = model(queries) @ model(self.images).t()
        return (self.labels[sims.argmax(1)] == torch.tensor(labels)).float().mean().item()


x, y = marks.data, marks.target
perm = rng.permutation(len(x))
cut = int(0.7 * len(x))
gallery = Retrieval(x[perm[:cut]], y[perm[:cut]])
query_x, query_y = x[perm[cut:]], y[perm[cut:]]
model = Embedder()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-2)
criterion = nn.TripletMarginLoss(margin=0.4)

for step in range(1, 301):
    model.train()
    anchor, pos, neg = gallery.triplets(48)
    loss = criterion(model(anchor), model(pos), model(neg))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 50 == 0:
        print(f"step {step} triplet loss {loss.item():.4f} recall@1 {gallery.recall_at_1(model, query_x, query_y):.4f}")
