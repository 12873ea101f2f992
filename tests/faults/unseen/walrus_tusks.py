"""Re-identify walruses from tusk outlines: an embedding trained with triplet margin loss."""
import torch
from torch import nn

torch.manual_seed(24)
torch.set_num_threads(1)

ANIMALS, OUTLINE = 30, 32
shape = torch.randn(ANIMALS, 8)
lift = torch.randn(8, OUTLINE) / 8 ** 0.5
nuisance = torch.randn(3, OUTLINE)


def photos(ids):
    pose = torch.randn(len(ids), 3)
    return torch.tanh(shape[ids] @ lift + pose @ nuisance * 0.8) + 0.1 * torch.randn(len(ids), OUTLINE)


class TuskEmbedder(nn.Module):
    def __init__(self, dim=16):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(OUTLINE, 96), nn.ReLU(), nn.Linear(96, 96), nn.ReLU(), nn.Linear(96, dim))

    def forward(self, x):
        return nn.functional.normalize(self.layers(x), dim=1)


gallery_ids = torch.arange(ANIMALS).repeat_interleave(40)
train_x = photos(gallery_ids)
query_ids = torch.arange(ANIMALS).repeat_interleave(10)
query_x = photos(query_ids)

model = TuskEmbedder()
criterion = nn.TripletMarginLoss(margin=0.4)
opt = torch.optim.Adam(model.parameters(), lr=1e-3)


def sample_triplets(n):
    who = torch.randint(0, ANIMALS, (n,))
    other = (who + torch.randint(1, ANIMALS, (n,))) % ANIMALS
    first = torch.randint(0, 40, (n,))
    second = (first + torch.randint(1, 40, (n,))) % 40
    return train_x[who * 40 + first], train_x[who * 40 + second], train_x[other * 40 + torch.randint(0, 40, (n,))]


def rank_one():
    model.eval()
    with torch.no_grad():
        d = torch.cdist(model(query_x), model(train_x))
    return (gallery_ids[d.argmin(1)] == query_ids).float().mean().item()


print(f"before training: rank-1 {rank_one():.3f}")
for step in range(1, 1201):
    model.train()
    anchor, positive, negative = sample_triplets(128)
    loss = criterion(model(anchor), model(positive), model(negative))
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 200 == 0:
        print(f"step {step} triplet loss {loss.item():.4f} rank-1 {rank_one():.3f}")
