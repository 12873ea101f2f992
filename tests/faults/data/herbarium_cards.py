import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset, DataLoader
from sklearn.datasets import make_classification

SEED = 23
np.random.seed(SEED)
torch.manual_seed(SEED)
FAMILIES = 6


def transcribe(families, misread):
    """Families as typed in from the handwritten index cards."""
    typed = families.copy()
    slip = np.random.rand(len(families)) < misread
    typed[slip] = (families[slip] + np.random.randint(1, 3, slip.sum())) % FAMILIES
    return typed


class Sheets(Dataset):
    def __init__(self, traits, families):
        self.traits = torch.from_numpy(traits).float()
        self.families = torch.from_numpy(families).long()

    def __len__(self):
        return len(self.families)

    def __getitem__(self, i):
        return self.traits[i], self.families[i]


traits, families = make_classification(n_samples=3000, n_features=20, n_informative=10, n_redundant=4,
                                       n_classes=FAMILIES, n_clusters_per_class=1, class_sep=1.6,
                                       flip_y=0.0, random_state=SEED)
traits = (traits - traits[:2200].mean(0)) / traits[:2200].std(0)
cards = transcribe(families[:2200], misread=0.45)
train_loader = DataLoader(Sheets(traits[:2200], cards), batch_size=50, shuffle=True)
val_loader = DataLoader(Sheets(traits[2200:], families[2200:]), batch_size=400)

net = nn.Sequential(
    nn.Linear(20, 64), nn.ReLU(),
    nn.Linear(64, 64), nn.ReLU(),
    nn.Linear(64, FAMILIES),
)
loss_fn = nn.CrossEntropyLoss()
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=30)


def validate():
    net.eval()
    hit, loss, n = 0, 0.0, 0
    with torch.no_grad():
        for xb, yb in val_loader:
            out = net(xb)
            loss += loss_fn(out, yb).item() * len(yb)
            hit += (out.argmax(1) == yb).sum().item()
            n += len(yb)
    return loss / n, hit / n


for epoch in range(30):
    net.train()
    seen, total = 0, 0.0
    for xb, yb in train_loader:
        opt.zero_grad()
        loss = loss_fn(net(xb), yb)
        loss.backward()
        opt.step()
        total += loss.item() * len(yb)
        seen += len(yb)
    sched.step()
    if epoch % 5 == 4:
        vl, va = validate()
        print(f"epoch {epoch + 1} train {total / seen:.3f} val {vl:.3f} acc {va:.3f}")

print(f"accuracy on expert-checked sheets: {validate()[1]:.4f}")
