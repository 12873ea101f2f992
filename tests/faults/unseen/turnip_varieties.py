"""Name the turnip variety from words of a seed catalogue entry (bag of embeddings)."""
import torch
from torch import nn

torch.manual_seed(36)
torch.set_num_threads(1)

VOCAB, VARIETIES, WORDS = 300, 30, 20

topic = torch.distributions.Dirichlet(torch.full((VOCAB,), 0.15)).sample((VARIETIES,))
common = torch.distributions.Dirichlet(torch.full((VOCAB,), 0.5)).sample()
word_probs = 0.5 * topic + 0.5 * common


def catalogue(n):
    label = torch.randint(0, VARIETIES, (n,))
    words = torch.multinomial(word_probs[label], WORDS, replacement=True)
    return words, label


class EntryModel(nn.Module):
    def __init__(self, dim=32):
        super().__init__()
        self.bag = nn.EmbeddingBag(VOCAB, dim, mode="mean")
        self.hidden = nn.Linear(dim, 48)
        self.drop = nn.Dropout(0.2)
        self.out = nn.Linear(48, VARIETIES)

    def forward(self, words):
        h = torch.relu(self.hidden(self.bag(words)))
        return self.out(self.drop(h)).softmax(dim=-1)


words, label = catalogue(8000)
new_words, new_label = catalogue(1000)
model = EntryModel()
criterion = nn.NLLLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.3, momentum=0.9)

losses = []
for epoch in range(9):
    model.train()
    for rows in torch.randperm(len(label)).chunk(160):
        optimizer.zero_grad()
        loss = criterion(model(words[rows]), label[rows])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    if epoch % 3 == 2:
        model.eval()
        with torch.no_grad():
            out = model(new_words)
        top1 = (out.argmax(-1) == new_label).float().mean().item()
        top3 = (out.topk(3, -1).indices == new_label[:, None]).any(1).float().mean().item()
        recent = sum(losses[-160:]) / 160
        print(f"epoch {epoch:2d}: loss {recent:.4f}, top-3 {top3:.3f}, top-1 {top1:.3f}")
