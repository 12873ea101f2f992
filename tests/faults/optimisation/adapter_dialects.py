"""Pre-train a token classifier on dialect A, then adapt it to dialect B with low-rank updates only."""
import math
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(21)
VOCAB, LENGTH, CLASSES, DIM = 40, 12, 5, 32
topic_a = torch.randn(VOCAB, CLASSES) * 1.2
topic_b = 0.55 * topic_a[torch.randperm(VOCAB)] + 0.6 * topic_a


def corpus(table, n):
    labels = torch.randint(0, CLASSES, (n,))
    probs = F.softmax(table, 0).t()[labels]
    return torch.multinomial(probs, LENGTH, replacement=True), labels


class LoRALinear(nn.Module):
    def __init__(self, base, rank=4, alpha=8):
        super().__init__()
        self.base = base
        for p in self.base.parameters():
            p.requires_grad_(False)
        self.A = nn.Parameter(torch.randn(rank, base.in_features) / math.sqrt(base.in_features))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank))
        self.scale = alpha / rank

    def forward(self, x):
        return self.base(x) + self.scale * (x @ self.A.t() @ self.B.t())


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(VOCAB, DIM)
        self.up = nn.Linear(DIM, 2 * DIM)
        self.down = nn.Linear(2 * DIM, DIM)
        self.norm = nn.LayerNorm(DIM)
        self.head = nn.Linear(DIM, CLASSES)

    def forward(self, tokens):
        h = self.emb(tokens)
        h = self.norm(h + self.down(F.gelu(self.up(h))))
        return self.head(h.mean(1))


def fit(model, data, lr, epochs, tag):
    x, y = data
    params = [p for p in model.parameters() if p.requires_grad]
    opt = torch.optim.AdamW(params, lr=lr, weight_decay=0.01)
    for epoch in range(epochs):
        running = 0.0
        for idx in torch.randperm(len(x)).split(64):
            loss = F.cross_entropy(model(x[idx]), y[idx])
            opt.zero_grad()
            loss.backward()
            opt.step()
            running += loss.item() * len(idx)
        if epoch % 3 == 2:
            print(f"{tag} epoch {epoch + 1} loss {running / len(x):.4f}")


@torch.no_grad()
def evaluate(model, data):
    return (model(data[0]).argmax(1) == data[1]).float().mean().item()


model = Reader()
fit(model, corpus(topic_a, 3000), lr=1e-3, epochs=6, tag="pretrain")
print("dialect A accuracy", round(evaluate(model, corpus(topic_a, 2000)), 4))

train_b, test_b = corpus(topic_b, 3000), corpus(topic_b, 2000)
print("dialect B before adapting", round(evaluate(model, test_b), 4))
for name in ("up", "down", "head"):
    setattr(model, name, LoRALinear(getattr(model, name)))
model.emb.requires_grad_(False)
fit(model, train_b, lr=2e-5, epochs=15, tag="adapt")
print(f"dialect B accuracy after adapting: {evaluate(model, test_b):.4f}")
