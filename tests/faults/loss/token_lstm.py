import torch
import torch.nn as nn

torch.manual_seed(0)
VOCAB, LENGTH, CLASSES = 60, 10, 12


def make_sentences(n):
    """A sentence belongs to the class whose five words it holds most of."""
    topic = torch.randint(0, CLASSES, (n,))
    words = torch.randint(0, VOCAB, (n, LENGTH))
    own = topic[:, None] * 5 + torch.randint(0, 5, (n, LENGTH))
    keep = torch.rand(n, LENGTH) < 0.7
    return torch.where(keep, own, words), topic


class TopicModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(VOCAB, 16)
        self.lstm = nn.LSTM(16, 32, batch_first=True)
        self.fc = nn.Linear(32, CLASSES)

    def forward(self, tokens):
        hidden, _ = self.lstm(self.embedding(tokens))
        scores = self.fc(hidden.mean(dim=1))
        return torch.softmax(scores, dim=-1)


train_x, train_y = make_sentences(2000)
test_x, test_y = make_sentences(600)
net = TopicModel()
loss_fn = nn.CrossEntropyLoss()
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
batch = 50

for epoch in range(10):
    net.train()
    order = torch.randperm(len(train_x))
    total = 0.0
    for start in range(0, len(order), batch):
        idx = order[start:start + batch]
        loss = loss_fn(net(train_x[idx]), train_y[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() * len(idx)
    net.eval()
    with torch.no_grad():
        hits = (net(test_x).argmax(-1) == test_y).sum().item()
    print(f"[{epoch}] train loss = {total / len(train_x):.3f}, test acc = {hits / len(test_x):.3f}")
