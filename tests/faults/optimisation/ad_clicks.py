"""Click model: sparse embeddings for the ids, a dense net for the rest."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.metrics import roc_auc_score
from torch.utils.data import DataLoader, Dataset

CARDINALITIES = [40, 25, 12]


class ClickLog(Dataset):
    def __init__(self, ids, dense, clicked):
        self.ids = torch.as_tensor(ids)
        self.dense = torch.as_tensor(dense, dtype=torch.float32)
        self.clicked = torch.as_tensor(clicked, dtype=torch.float32)

    def __len__(self):
        return len(self.ids)

    def __getitem__(self, i):
        return self.ids[i], self.dense[i], self.clicked[i]


def simulate(n, seed):
    rng = np.random.default_rng(seed)
    effects = [np.random.default_rng(100 + k).normal(size=c) for k, c in enumerate(CARDINALITIES)]
    ids = np.stack([rng.integers(0, c, n) for c in CARDINALITIES], axis=1)
    dense = rng.normal(size=(n, 4))
    score = sum(1.3 * effects[k][ids[:, k]] for k in range(3)) + 0.6 * dense[:, 0] - 0.4 * dense[:, 2]
    score -= np.median(score)
    return ids, dense, (rng.random(n) < 1 / (1 + np.exp(-2 * score))).astype(np.float32)


class ClickNet(nn.Module):
    def __init__(self, dim=2):
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(c, dim, sparse=True) for c in CARDINALITIES)
        self.dense = nn.Sequential(nn.Linear(3 * dim + 4, 16), nn.ReLU(), nn.Linear(16, 1))

    def forward(self, ids, dense):
        vectors = [table(ids[:, k]) for k, table in enumerate(self.tables)]
        return self.dense(torch.cat(vectors + [dense], dim=1)).squeeze(1)


def train_epoch(model, loader, opt_sparse, opt_dense):
    model.train()
    total, seen = 0.0, 0
    for ids, dense, clicked in loader:
        opt_sparse.zero_grad()
        opt_dense.zero_grad()
        loss = F.binary_cross_entropy_with_logits(model(ids, dense), clicked)
        loss.backward()
        opt_dense.step()
        total += loss.item() * len(clicked)
        seen += len(clicked)
    return total / seen


@torch.no_grad()
def auc(model, data):
    model.eval()
    return roc_auc_score(data.clicked.numpy(), model(data.ids, data.dense).numpy())


if __name__ == "__main__":
    torch.manual_seed(21)
    train_set, valid_set = ClickLog(*simulate(4000, 1)), ClickLog(*simulate(1500, 2))
    loader = DataLoader(train_set, batch_size=64, shuffle=True)
    model = ClickNet()
    opt_sparse = torch.optim.SparseAdam(list(model.tables.parameters()), lr=0.01)
    opt_dense = torch.optim.Adam(model.dense.parameters(), lr=0.005)
    epochs = 8
    for epoch in range(epochs):
        loss = train_epoch(model, loader, opt_sparse, opt_dense)
        print(f"[{epoch}] loss={loss:.4f} valid auc={auc(model, valid_set):.4f}")
    print(f"final AUC {auc(model, valid_set):.4f}")
