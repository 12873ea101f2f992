"""Skip-gram with negative sampling on a made-up almanac; sparse embedding gradients."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(63)
TOPICS, PER_TOPIC, COMMON = 8, 20, 40
VOCAB = TOPICS * PER_TOPIC + COMMON


def write(n_sentences, length=12):
    topic = torch.randint(0, TOPICS, (n_sentences, 1))
    own = topic * PER_TOPIC + torch.randint(0, PER_TOPIC, (n_sentences, length))
    filler = TOPICS * PER_TOPIC + torch.randint(0, COMMON, (n_sentences, length))
    return torch.where(torch.rand(n_sentences, length) < 0.6, own, filler)


def pairs(text, window=2):
    centre, context = [], []
    for d in range(1, window + 1):
        centre += [text[:, d:].flatten(), text[:, :-d].flatten()]
        context += [text[:, :-d].flatten(), text[:, d:].flatten()]
    return torch.cat(centre), torch.cat(context)


class SkipGram(nn.Module):
    def __init__(self, vocab, dim):
        super().__init__()
        self.centre = nn.Embedding(vocab, dim, sparse=True)
        self.context = nn.Embedding(vocab, dim, sparse=True)
        nn.init.uniform_(self.centre.weight, -0.5 / dim, 0.5 / dim)
        nn.init.zeros_(self.context.weight)

    def forward(self, c, o, noise):
        v = self.centre(c)
        good = (v * self.context(o)).sum(1)
        bad = torch.einsum("bd,bkd->bk", v, self.context(noise))
        return -(F.logsigmoid(good) + F.logsigmoid(-bad).sum(1)).mean()


def neighbour_purity(model, k=5):
    w = F.normalize(model.centre.weight.detach()[: TOPICS * PER_TOPIC], dim=1)
    sim = w @ w.T
    sim.fill_diagonal_(-2)
    near = sim.topk(k, dim=1).indices // PER_TOPIC
    own = torch.arange(TOPICS * PER_TOPIC).unsqueeze(1) // PER_TOPIC
    return (near == own).float().mean().item()


train_c, train_o = pairs(write(1500))
valid_c, valid_o = pairs(write(300))
noise_dist = torch.bincount(train_o, minlength=VOCAB).float() ** 0.75
model = SkipGram(VOCAB, 16)
optimizer = torch.optim.SparseAdam(model.parameters(), lr=5e-3)
valid_noise = torch.multinomial(noise_dist, len(valid_c) * 4, replacement=True).view(-1, 4)

for epoch in range(8):
    running = 0.0
    for idx in torch.randperm(len(train_c)).split(512):
        noise = torch.multinomial(noise_dist, len(idx) * 4, replacement=True).view(-1, 4)
        optimizer.zero_grad()
        loss = model(train_c[idx], train_o[idx], noise)
        loss.backward()
        optimizer.step()
        running += loss.item() * len(idx)
    with torch.no_grad():
        valid = model(valid_c, valid_o, valid_noise).item()
    print(f"epoch {epoch + 1}  train {running / len(train_c):.4f}  valid {valid:.4f}  purity {neighbour_purity(model):.4f}")
print(f"nearest-neighbour purity {neighbour_purity(model):.4f}")
