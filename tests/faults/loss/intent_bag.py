"""Intent detection for a help desk: bag of embeddings + one hidden layer."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import Dataset, DataLoader

torch.manual_seed(11)
rng = np.random.default_rng(11)

VOCAB, INTENTS, LENGTH = 400, 30, 14
general = rng.dirichlet(np.full(VOCAB, 0.4))
topics = rng.dirichlet(np.full(VOCAB, 0.03), size=INTENTS)


def write_messages(n):
    intents = rng.permutation(np.arange(n) % INTENTS)
    msgs = np.zeros((n, LENGTH), dtype=np.int64)
    for i, k in enumerate(intents):
        msgs[i] = rng.choice(VOCAB, size=LENGTH, p=0.6 * general + 0.4 * topics[k])
    return msgs, intents


class Messages(Dataset):
    def __init__(self, n):
        self.words, self.intents = write_messages(n)

    def __len__(self):
        return len(self.words)

    def __getitem__(self, i):
        return torch.from_numpy(self.words[i]), int(self.intents[i])


class IntentNet(nn.Module):
    def __init__(self, dim=32, hidden=64):
        super().__init__()
        self.emb = nn.EmbeddingBag(VOCAB, dim, mode="mean")
        self.norm = nn.LayerNorm(dim)
        self.fc1 = nn.Linear(dim, hidden)
        self.drop = nn.Dropout(0.5)
        self.fc2 = nn.Linear(hidden, INTENTS)

    def forward(self, words):
        h = self.norm(self.emb(words))
        h = self.drop(F.relu(self.fc1(h)))
        return F.softmax(self.fc2(h), dim=1)


train_loader = DataLoader(Messages(8000), batch_size=96, shuffle=True)
val_loader = DataLoader(Messages(1200), batch_size=256)

net = IntentNet()
loss_fn = nn.NLLLoss()
opt = torch.optim.SGD(net.parameters(), lr=0.3, momentum=0.9, weight_decay=5e-4)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=16)

for epoch in range(16):
    net.train()
    total, seen = 0.0, 0
    for words, intent in train_loader:
        opt.zero_grad()
        loss = loss_fn(net(words), intent)
        loss.backward()
        opt.step()
        total += loss.item() * len(intent)
        seen += len(intent)
    sched.step()

    net.eval()
    hits, vloss = 0, 0.0
    with torch.no_grad():
        for words, intent in val_loader:
            out = net(words)
            vloss += loss_fn(out, intent).item() * len(intent)
            hits += (out.argmax(1) == intent).sum().item()
    acc = hits / len(val_loader.dataset)
    print(f"epoch {epoch + 1:2d}  train {total / seen:.4f}  val {vloss / 1200:.4f}  val acc {acc:.4f}")
print(f"final validation accuracy {acc:.4f}")
