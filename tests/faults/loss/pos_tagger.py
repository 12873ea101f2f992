# LSTM part-of-speech tagger on a toy grammar (adapted from the sequence tutorial, now with mini-batches)
import random
import torch
import torch.nn as nn
import torch.nn.functional as F

random.seed(0)
torch.manual_seed(0)

LEXICON = {
    "DET": ["the", "a", "this", "every"],
    "ADJ": ["old", "light", "round", "green", "quiet"],
    "NOUN": ["light", "round", "dog", "book", "watch", "walk", "garden"],
    "VERB": ["watch", "walk", "book", "sees", "likes", "finds"],
    "ADV": ["quickly", "often", "round", "here"],
    "PREP": ["in", "near", "with", "round"],
}
TAGS = {t: i for i, t in enumerate(LEXICON)}
VOCAB = {w: i for i, w in enumerate(sorted({w for ws in LEXICON.values() for w in ws}))}
SEQ_LEN = 12


def noun_phrase():
    return ["DET"] + ["ADJ"] * random.choice([0, 0, 1, 2]) + ["NOUN"]


def sentence():
    tags = []
    while len(tags) < SEQ_LEN:
        tags += noun_phrase() + ["VERB"] + random.choice([[], ["ADV"]])
        tags += random.choice([noun_phrase(), noun_phrase() + ["PREP"] + noun_phrase()])
    tags = tags[:SEQ_LEN]
    words = [random.choice(LEXICON[t]) for t in tags]
    return [VOCAB[w] for w in words], [TAGS[t] for t in tags]


def corpus(n):
    w, t = zip(*(sentence() for _ in range(n)))
    return torch.tensor(w), torch.tensor(t)


class LSTMTagger(nn.Module):
    def __init__(self, embedding_dim=16, hidden_dim=32):
        super().__init__()
        self.word_embeddings = nn.Embedding(len(VOCAB), embedding_dim)
        self.lstm = nn.LSTM(embedding_dim, hidden_dim, batch_first=True, bidirectional=True)
        self.hidden2tag = nn.Linear(2 * hidden_dim, len(TAGS))

    def forward(self, sentences):
        lstm_out, _ = self.lstm(self.word_embeddings(sentences))
        tag_space = self.hidden2tag(lstm_out)
        tag_scores = F.log_softmax(tag_space, dim=1)
        return tag_scores


train_w, train_t = corpus(1500)
test_w, test_t = corpus(400)
model = LSTMTagger()
loss_function = nn.NLLLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.3, momentum=0.9)
BATCH = 30
EPOCHS = 10
scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.05, total_iters=EPOCHS)

for epoch in range(EPOCHS):
    perm = torch.randperm(len(train_w))
    total = 0.0
    for i in range(0, len(perm), BATCH):
        idx = perm[i:i + BATCH]
        model.zero_grad()
        scores = model(train_w[idx])
        loss = loss_function(scores.reshape(-1, len(TAGS)), train_t[idx].reshape(-1))
        loss.backward()
        optimizer.step()
        total += loss.item()
    scheduler.step()
    with torch.no_grad():
        acc = (model(test_w).argmax(-1) == test_t).float().mean().item()
    print(f"epoch {epoch + 1} loss {total / (len(perm) / BATCH):.4f} token accuracy {acc:.4f}")
