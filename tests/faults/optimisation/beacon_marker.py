"""Beacon messages: recall the symbol that follows the marker (GRU over symbols)."""
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

VOCAB, LENGTH, MARK = 12, 16, 11


def messages(n, generator):
    x = torch.randint(0, 8, (n, LENGTH), generator=generator)
    at = torch.randint(LENGTH - 7, LENGTH - 2, (n,), generator=generator)
    rows = torch.arange(n)
    x[rows, at] = MARK
    return x, x[rows, at + 1]


class BeaconGRU(nn.Module):
    def __init__(self, vocab=VOCAB, emb=16, hidden=48, n_out=8):
        super().__init__()
        self.embedding = nn.Embedding(vocab, emb)
        self.gru = nn.GRU(emb, hidden, batch_first=True)
        self.norm = nn.LayerNorm(hidden)
        self.fc = nn.Linear(hidden, n_out)

    def forward(self, x):
        out, _ = self.gru(self.embedding(x))
        return self.fc(self.norm(out[:, -1]))


def make_optimizer(model, lr, weight_decay):
    named = list(model.named_parameters())
    decay = [p for n, p in named if n.endswith("weight") and p.ndim > 1]
    no_decay = [p for n, p in named if n.endswith("bias") or (n.endswith("weight") and p.ndim == 1)]
    groups = [{"params": decay, "weight_decay": weight_decay}, {"params": no_decay, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=lr)


def accuracy(model, loader):
    model.eval()
    right = total = 0
    loss = 0.0
    with torch.no_grad():
        for xb, yb in loader:
            out = model(xb)
            loss += nn.functional.cross_entropy(out, yb, reduction="sum").item()
            right += (out.argmax(1) == yb).sum().item()
            total += yb.numel()
    return loss / total, right / total


if __name__ == "__main__":
    torch.manual_seed(2)
    g = torch.Generator().manual_seed(2)
    train_loader = DataLoader(TensorDataset(*messages(6000, g)), batch_size=64, shuffle=True)
    val_loader = DataLoader(TensorDataset(*messages(1000, g)), batch_size=500)
    model = BeaconGRU()
    optimizer = make_optimizer(model, lr=5e-3, weight_decay=0.01)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(6):
        model.train()
        running = 0.0
        for xb, yb in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(xb), yb)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            running += loss.item() * len(yb)
        val_loss, val_acc = accuracy(model, val_loader)
        print(f"epoch {epoch + 1} train_loss={running / 6000:.4f} val_loss={val_loss:.4f} val_acc={val_acc:.4f}")
    print(f"val_acc (end) = {val_acc:.4f}")
