# Letters to the neighbourhood council: which desk do they go to?
import numpy as np
import torch
import torch.nn as nn

rng = np.random.default_rng(31)
torch.manual_seed(31)

DESKS = ["noise", "parking", "trees", "lights", "refuse", "playgrounds", "dogs", "roads"]
VOCAB, LEN, DIM = 250, 16, 16

# every word leans to a desk or two, many are said everywhere
common = rng.dirichlet(np.full(VOCAB, 0.5))
desk_words = [0.65 * common + 0.35 * rng.dirichlet(np.full(VOCAB, 0.15)) for _ in DESKS]


def letters(n):
    y = rng.integers(0, len(DESKS), n)
    x = np.stack([rng.choice(VOCAB, LEN, p=desk_words[d]) for d in y])
    return torch.tensor(x), torch.tensor(y)


class DeskRouter(nn.Module):
    def __init__(self, vectors, n_desks):
        super().__init__()
        self.words = nn.Embedding.from_pretrained(vectors)
        self.norm = nn.LayerNorm(vectors.shape[1])
        self.fc = nn.Linear(vectors.shape[1], 32)
        self.out = nn.Linear(32, n_desks)

    def forward(self, tokens):
        bag = self.words(tokens).mean(dim=1)
        return self.out(torch.relu(self.fc(self.norm(bag))))


x_train, y_train = letters(10000)
x_test, y_test = letters(1500)

word_vectors = torch.randn(VOCAB, DIM) * 0.3
model = DeskRouter(word_vectors, len(DESKS))
optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=3e-3)
scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [3, 4], gamma=0.25)
criterion = nn.CrossEntropyLoss()


def run_test():
    model.eval()
    with torch.no_grad():
        logits = model(x_test)
    return criterion(logits, y_test).item(), (logits.argmax(1) == y_test).float().mean().item()


for epoch in range(1, 7):
    model.train()
    loss_sum, hits = 0.0, 0
    for idx in torch.randperm(len(x_train)).split(50):
        logits = model(x_train[idx])
        loss = criterion(logits, y_train[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss_sum += loss.item() * len(idx)
        hits += (logits.argmax(1) == y_train[idx]).sum().item()
    scheduler.step()
    test_loss, test_acc = run_test()
    print(f"{epoch:2d} train {loss_sum / len(x_train):.3f} ({hits / len(x_train):.3f})  test {test_loss:.3f} ({test_acc:.3f})")

print("letters routed correctly: %.4f" % test_acc)
