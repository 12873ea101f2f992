import torch
from torch import nn

torch.manual_seed(0)
V, D, H, CTX = 16, 32, 64, 2
# a random grammar: each pair of tokens is followed by one of two others
rule = torch.randint(0, V, (V, V, 2))
text = [0, 1]
coin = (torch.rand(4000) < 0.1).long().tolist()
for c in coin:
    text.append(rule[text[-2], text[-1], c].item() if torch.rand(1) > 0.05 else torch.randint(0, V, (1,)).item())
text = torch.tensor(text)
X = torch.stack([text[:-2], text[1:-1]], 1)
Y = text[2:]
X_train, Y_train, X_val, Y_val = X[:3400], Y[:3400], X[3400:], Y[3400:]


class NgramLM(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(V, D)
        self.fc = nn.Sequential(nn.Linear(CTX * D, H), nn.ReLU(), nn.Linear(H, D))
        self.decoder = nn.Linear(D, V)
        nn.init.normal_(self.emb.weight, std=0.3)
        self.decoder.weight = self.emb.weight

    def forward(self, x):
        return self.decoder(self.fc(self.emb(x).flatten(1)))


model = NgramLM()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3, weight_decay=1e-5)
for epoch in range(12):
    model.train()
    for idx in torch.randperm(len(X_train)).split(68):
        loss = criterion(model(X_train[idx]), Y_train[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        logits = model(X_val)
        nll = criterion(logits, Y_val)
        acc = (logits.argmax(-1) == Y_val).float().mean()
    print(f"epoch {epoch + 1} perplexity {nll.exp().item():.3f} next-token accuracy {acc.item():.4f}")
