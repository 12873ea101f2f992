import numpy as np
import torch
import torch.nn as nn

rng = np.random.default_rng(17)
torch.manual_seed(17)

VOCAB, TOPICS, LENGTH, DIM = 400, 8, 15, 12
word_topic = rng.integers(0, TOPICS, VOCAB)


def make_docs(n):
    labels = rng.integers(0, TOPICS, n)
    docs = np.empty((n, LENGTH), dtype=np.int64)
    pools = [np.flatnonzero(word_topic == k) for k in range(TOPICS)]
    for i, k in enumerate(labels):
        own = rng.random(LENGTH) < 0.4
        docs[i] = np.where(own, rng.choice(pools[k], LENGTH), rng.integers(0, VOCAB, LENGTH))
    return torch.from_numpy(docs), torch.from_numpy(labels)


class DocClassifier(nn.Module):
    def __init__(self, vectors, n_out):
        super().__init__()
        self.embedding = nn.Embedding.from_pretrained(vectors)
        self.dropout = nn.Dropout(0.2)
        self.out = nn.Linear(vectors.size(1), n_out)

    def forward(self, tokens):
        doc = self.embedding(tokens).mean(dim=1)
        return self.out(self.dropout(doc))


train_x, train_y = make_docs(4000)
valid_x, valid_y = make_docs(1000)
init_vectors = torch.randn(VOCAB, DIM)
clf = DocClassifier(init_vectors, TOPICS)
opt = torch.optim.Adam(filter(lambda p: p.requires_grad, clf.parameters()), lr=0.01)
criterion = nn.CrossEntropyLoss()

for epoch in range(10):
    clf.train()
    running = []
    for idx in torch.randperm(len(train_x)).split(80):
        opt.zero_grad()
        loss = criterion(clf(train_x[idx]), train_y[idx])
        loss.backward()
        opt.step()
        running.append(loss.item())
    clf.eval()
    with torch.no_grad():
        out = clf(valid_x)
    print("epoch", epoch + 1, "train", round(float(np.mean(running)), 4), "valid", round(criterion(out, valid_y).item(), 4),
          "valid_acc", round((out.argmax(1) == valid_y).float().mean().item(), 4))
