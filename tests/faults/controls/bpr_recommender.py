"""Matrix factorisation with the BPR ranking loss on implicit feedback."""
import torch
from torch import nn
import torch.nn.functional as F

torch.manual_seed(70)
USERS, ITEMS, K = 150, 120, 5
true_u, true_i = torch.randn(USERS, K), torch.randn(ITEMS, K)
affinity = true_u @ true_i.t() / K ** 0.5 + 0.3 * torch.randn(ITEMS)
draws = torch.distributions.Bernoulli(logits=3.0 * affinity - 1.5).sample().bool()
in_test = torch.rand(USERS, ITEMS) < 0.2                       # cells held out for ranking
train_pos = (draws & ~in_test).nonzero()
train_neg_mask = ~draws & ~in_test


class BPR(nn.Module):
    def __init__(self, dim=8):
        super().__init__()
        self.user = nn.Embedding(USERS, dim)
        self.item = nn.Embedding(ITEMS, dim)
        self.bias = nn.Embedding(ITEMS, 1)
        nn.init.normal_(self.user.weight, std=0.1)
        nn.init.normal_(self.item.weight, std=0.1)
        nn.init.zeros_(self.bias.weight)

    def score(self, u, i):
        return (self.user(u) * self.item(i)).sum(-1) + self.bias(i).squeeze(-1)

    def forward(self, u, i, j):
        return self.score(u, i) - self.score(u, j)


@torch.no_grad()
def held_out_auc(model):
    full = model.user.weight @ model.item.weight.t() + model.bias.weight.t()
    aucs = []
    for u in range(USERS):
        pos, neg = full[u][draws[u] & in_test[u]], full[u][~draws[u] & in_test[u]]
        if len(pos) and len(neg):
            aucs.append((pos[:, None] > neg[None]).float().mean())
    return torch.stack(aucs).mean().item()


model = BPR()
optimizer = torch.optim.Adam(model.parameters(), lr=0.03, weight_decay=2e-3)
EPOCHS = 30
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
for epoch in range(EPOCHS):
    total, n = 0.0, 0
    for rows in torch.randperm(len(train_pos)).split(256):
        u, i = train_pos[rows].t()
        j = torch.multinomial(train_neg_mask[u].float(), 1).squeeze(1)
        loss = -F.logsigmoid(model(u, i, j)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(u)
        n += len(u)
    scheduler.step()
    print(f"epoch {epoch + 1:2d}/{EPOCHS}  bpr loss {total / n:.4f}  held-out AUC {held_out_auc(model):.4f}")
