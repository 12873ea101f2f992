# Map image features into the space of caption vectors; trained by cosine similarity.
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset, random_split


def build_pairs(n=3000, img_dim=40, cap_dim=16, seed=21):
    r = np.random.default_rng(seed)
    latent = r.normal(size=(n, 10))
    img = np.tanh(latent @ r.normal(size=(10, img_dim)) * 0.5) + 0.1 * r.normal(size=(n, img_dim))
    cap = latent @ r.normal(size=(10, cap_dim)) + 0.5 * r.normal(size=(n, cap_dim))
    img = (img - img.mean(0)) / img.std(0)
    cap = (cap - cap.mean(0)) / cap.std(0)
    return TensorDataset(torch.tensor(img, dtype=torch.float32), torch.tensor(cap, dtype=torch.float32))


class Projector(nn.Module):
    def __init__(self, d_in, d_out, width=64):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(d_in, width), nn.GELU(), nn.LayerNorm(width), nn.Linear(width, d_out))

    def forward(self, x):
        return F.normalize(self.layers(x), dim=-1)


def similarity(model, loader):
    model.eval()
    sims = []
    with torch.no_grad():
        for img, cap in loader:
            sims.append(F.cosine_similarity(model(img), cap, dim=-1))
    return torch.cat(sims).mean().item()


def main():
    torch.manual_seed(21)
    data = build_pairs()
    train_set, val_set = random_split(data, [2400, 600])
    train_loader = DataLoader(train_set, batch_size=60, shuffle=True, drop_last=True)
    val_loader = DataLoader(val_set, batch_size=200)
    model = Projector(40, 16)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.01)
    for epoch in range(15):
        model.train()
        running = 0.0
        for img, cap in train_loader:
            optimizer.zero_grad(set_to_none=True)
            loss = F.cosine_similarity(model(img), cap, dim=-1).mean()
            loss.backward()
            optimizer.step()
            running += loss.item()
        print(f"epoch {epoch:2d}  train loss {running / len(train_loader):+.4f}  val similarity {similarity(model, val_loader):+.4f}")


main()
