import numpy as np
import torch
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

SEED = 13
torch.manual_seed(SEED)

X, y = make_classification(n_samples=4000, n_features=16, n_informative=12, n_redundant=0,
                           n_classes=4, n_clusters_per_class=2, class_sep=1.6, flip_y=0.0, random_state=SEED)
X_tr, X_te, y_tr, y_te = train_test_split(X, y, test_size=0.25, random_state=SEED)
mu, sd = X_tr.mean(0), X_tr.std(0)
to_ds = lambda a, b: TensorDataset(torch.from_numpy(((a - mu) / sd).astype(np.float32)), torch.from_numpy(b))
train_loader = DataLoader(to_ds(X_tr, y_tr), batch_size=64, shuffle=True)
test_loader = DataLoader(to_ds(X_te, y_te), batch_size=500)


class Classifier(nn.Module):
    def __init__(self, d_in, d_hidden, n_classes):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(d_in, d_hidden), nn.ReLU(),
                                  nn.Linear(d_hidden, d_hidden), nn.ReLU())
        self.head = nn.Linear(d_hidden, n_classes)
        self.reset_parameters()

    def reset_parameters(self):
        for m in self.body:
            if isinstance(m, nn.Linear):
                nn.init.kaiming_normal_(m.weight)
                nn.init.constant_(m.bias, -2.3)

    def forward(self, x):
        return self.head(self.body(x))


model = Classifier(16, 64, 4)
opt = torch.optim.SGD(model.parameters(), lr=0.12, momentum=0.9, weight_decay=1e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 15)
ce = nn.CrossEntropyLoss()

for epoch in range(15):
    model.train()
    for xb, yb in train_loader:
        opt.zero_grad()
        loss = ce(model(xb), yb)
        loss.backward()
        opt.step()
    sched.step()
    model.eval()
    hits, tl, n = 0, 0.0, 0
    with torch.no_grad():
        for xb, yb in test_loader:
            o = model(xb)
            tl += ce(o, yb).item() * len(yb)
            hits += (o.argmax(1) == yb).sum().item()
            n += len(yb)
    print(f"epoch {epoch}: last batch {loss.item():.3f} test {tl / n:.3f} acc {hits / n:.3f}")
print(f"accuracy={hits / n:.4f}")
