# Multi-label tagging of recipes from their ingredient lists (bag of ingredient ids -> cuisine/diet tags)
import numpy as np
import torch
from torch import nn, optim
from torch.utils.data import Dataset, DataLoader

SEED = 11
torch.manual_seed(SEED)
np.random.seed(SEED)

N_INGREDIENTS, N_TAGS, MAX_LEN = 150, 8, 12
AFFINITY = np.random.randn(N_INGREDIENTS, N_TAGS) * 1.2


class RecipeDataset(Dataset):
    def __init__(self, n):
        self.ids = np.random.randint(1, N_INGREDIENTS, size=(n, MAX_LEN))
        lengths = np.random.randint(6, MAX_LEN + 1, size=n)
        for row, length in zip(self.ids, lengths):
            row[length:] = 0
        mask = (self.ids > 0)[..., None]
        strength = (AFFINITY[self.ids] * mask).sum(1)
        self.tags = (strength + 0.5 * np.random.randn(n, N_TAGS) > 0.8).astype(np.float32)

    def __len__(self):
        return len(self.ids)

    def __getitem__(self, i):
        return torch.as_tensor(self.ids[i]), torch.as_tensor(self.tags[i])


class RecipeTagger(nn.Module):
    def __init__(self, dim=24):
        super().__init__()
        self.embedding = nn.EmbeddingBag(N_INGREDIENTS, dim, mode="sum", padding_idx=0)
        self.fc = nn.Linear(dim, N_TAGS)

    def forward(self, ids):
        bag = self.embedding(ids)
        return torch.sigmoid(self.fc(bag))


def run_epoch(model, loader, loss_fn, optimizer=None):
    model.train(optimizer is not None)
    losses, n = 0.0, 0
    for ids, tags in loader:
        with torch.set_grad_enabled(optimizer is not None):
            loss = loss_fn(model(ids), tags)
        if optimizer is not None:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        losses += loss.item() * len(ids)
        n += len(ids)
    return losses / n


def main():
    train_dl = DataLoader(RecipeDataset(6000), batch_size=128, shuffle=True)
    val_dl = DataLoader(RecipeDataset(1000), batch_size=500)
    model = RecipeTagger()
    nn.init.normal_(model.embedding.weight, std=0.1)
    loss_fn = nn.BCEWithLogitsLoss()
    optimizer = optim.Adam(model.parameters(), lr=1e-2)
    for epoch in range(1, 11):
        tr = run_epoch(model, train_dl, loss_fn, optimizer)
        va = run_epoch(model, val_dl, loss_fn)
        print(f"[{epoch:02d}] train loss: {tr:.4f} | val loss: {va:.4f}")


if __name__ == "__main__":
    main()
