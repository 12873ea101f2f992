import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(31)
DEPOTS, WORDS, LENGTH = 12, 40, 9


def addresses(n):
    """Addresses as word ids: a town word somewhere, a district word later; both decide the depot."""
    x = torch.randint(8, WORDS, (n, LENGTH))
    town, district = torch.randint(0, 4, (n,)), torch.randint(0, 3, (n,))
    rows = torch.arange(n)
    x[rows, torch.randint(0, 4, (n,))] = town
    x[rows, torch.randint(5, LENGTH, (n,))] = 4 + district
    return TensorDataset(x, town * 3 + district)


class DepotModel(nn.Module):
    def __init__(self, d_model=32, nhead=4, dropout=0.6):
        super().__init__()
        self.word = nn.Embedding(WORDS, d_model)
        self.place = nn.Embedding(LENGTH, d_model)
        layer = nn.TransformerEncoderLayer(d_model, nhead, 64, dropout=dropout, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, num_layers=2)
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(d_model, DEPOTS)

    def forward(self, x):
        h = self.word(x) + self.place(torch.arange(LENGTH))
        h = self.encoder(self.dropout(h)).mean(1)
        return self.out(self.dropout(h))


def run_epoch(model, loader, opt=None):
    model.train(opt is not None)
    loss_sum = hits = 0
    for x, y in loader:
        with torch.set_grad_enabled(opt is not None):
            out = model(x)
            loss = nn.functional.cross_entropy(out, y)
        if opt is not None:
            opt.zero_grad()
            loss.backward()
            opt.step()
        loss_sum += loss.item() * len(y)
        hits += (out.argmax(1) == y).sum().item()
    n = len(loader.dataset)
    return loss_sum / n, hits / n


train_loader = DataLoader(addresses(1800), batch_size=60, shuffle=True)
val_loader = DataLoader(addresses(500), batch_size=250)
model = DepotModel()
opt = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
for epoch in range(9):
    train_loss, train_acc = run_epoch(model, train_loader, opt)
    val_loss, val_acc = run_epoch(model, val_loader)
    print(f"{epoch:2d}: train {train_loss:.3f}/{train_acc:.3f}  val {val_loss:.3f}/{val_acc:.3f}")
print(f"val accuracy: {val_acc:.4f}")
