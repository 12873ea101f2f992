import torch
from torch import nn
from torch.optim.lr_scheduler import ExponentialLR

torch.manual_seed(0)
VOCAB, TOPICS, LENGTH = 300, 8, 20

# documents: words drawn from the mixture of a topic and a common background
topic_words = torch.distributions.Dirichlet(torch.full((TOPICS, VOCAB), 0.05)).sample()
background = torch.full((VOCAB,), 1.0 / VOCAB)


def documents(n):
    label = torch.randint(TOPICS, (n,))
    words = torch.multinomial(0.35 * topic_words[label] + 0.65 * background, LENGTH, replacement=True)
    return words, label


class BagOfWords(nn.Module):
    def __init__(self, dim=24):
        super().__init__()
        self.emb = nn.EmbeddingBag(VOCAB, dim, mode="mean")
        self.fc = nn.Linear(dim, TOPICS)

    def forward(self, words):
        return self.fc(self.emb(words))


train_words, train_label = documents(4000)
test_words, test_label = documents(1000)
model = BagOfWords()
optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
scheduler = ExponentialLR(optimizer, gamma=0.25)
loss_fn = nn.CrossEntropyLoss()
BATCH = 100

for epoch in range(12):
    model.train()
    total = 0.0
    for chunk in torch.randperm(len(train_label)).split(BATCH):
        optimizer.zero_grad()
        loss = loss_fn(model(train_words[chunk]), train_label[chunk])
        loss.backward()
        optimizer.step()
        total += loss.item()
    scheduler.step()
    model.eval()
    with torch.no_grad():
        acc = (model(test_words).argmax(1) == test_label).float().mean().item()
    print(f"ep={epoch + 1} loss={total * BATCH / len(train_label):.3f} test_acc={acc:.3f}")
