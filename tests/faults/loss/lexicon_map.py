import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset, random_split

torch.manual_seed(3)
VOCAB, D_SRC, D_TGT = 3000, 40, 32


def make_embeddings():
    """Source-language vectors and their counterparts in the target language."""
    latent = torch.randn(VOCAB, 16)
    src = latent @ torch.randn(16, D_SRC) / 4 + 0.15 * torch.randn(VOCAB, D_SRC)
    tgt = torch.tanh(latent @ torch.randn(16, D_TGT) / 4) + 0.1 * torch.randn(VOCAB, D_TGT)
    return (src - src.mean(0)) / src.std(0), F.normalize(tgt - tgt.mean(0), dim=-1)


class PairDataset(Dataset):
    def __init__(self, src, tgt):
        self.src, self.tgt = src, tgt

    def __len__(self):
        return len(self.src)

    def __getitem__(self, i):
        return self.src[i], self.tgt[i]


class Mapper(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(D_SRC, 128), nn.GELU(), nn.Linear(128, D_TGT))

    def forward(self, x):
        return F.normalize(self.net(x), dim=-1)


class CosineLoss(nn.Module):
    def forward(self, pred, target):
        return F.cosine_similarity(pred, target, dim=-1).mean()


src, tgt = make_embeddings()
train_set, test_set = random_split(PairDataset(src, tgt), [2500, 500])
train_loader = DataLoader(train_set, batch_size=64, shuffle=True)

mapper = Mapper()
loss_fn = CosineLoss()
optimizer = torch.optim.Adam(mapper.parameters(), lr=2e-3)
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=15 * len(train_loader))

xs = torch.stack([test_set[i][0] for i in range(len(test_set))])
ts = torch.stack([test_set[i][1] for i in range(len(test_set))])


@torch.no_grad()
def precision_at_5():
    mapper.eval()
    sims = mapper(xs) @ ts.T
    top = sims.topk(5, dim=1).indices
    hit = (top == torch.arange(len(xs))[:, None]).any(1).float().mean().item()
    return hit, loss_fn(mapper(xs), ts).item()


for epoch in range(15):
    mapper.train()
    losses = []
    for a, b in train_loader:
        loss = loss_fn(mapper(a), b)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
    p5, test_loss = precision_at_5()
    print(f"epoch {epoch:02d} loss {sum(losses) / len(losses):+.4f} test loss {test_loss:+.4f} P@5 {p5:.3f}")
print(f"held-out P@5: {precision_at_5()[0]:.3f}")
