import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)

# Three questions about a digit at once: is it even? is it below five? does it have a closed loop?
digits = load_digits()
X = torch.tensor(digits.data, dtype=torch.float32) / 16 - 0.3
t = torch.tensor(digits.target)
questions = torch.stack([t % 2 == 0, t < 5, (t == 0) | (t == 6) | (t == 8) | (t == 9)], dim=1).float()
X_tr, X_te, q_tr, q_te = train_test_split(X, questions, test_size=0.2, random_state=5)
loader = DataLoader(TensorDataset(X_tr, q_tr), batch_size=64, shuffle=True)


class MultiTask(nn.Module):
    def __init__(self, tasks):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU())
        head = nn.Linear(32, 1)
        self.heads = nn.ModuleList()
        for _ in range(tasks):
            self.heads.append(head)

    def forward(self, x):
        h = self.trunk(x)
        return torch.cat([head(h) for head in self.heads], dim=1)


model = MultiTask(3)
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
bce = nn.BCEWithLogitsLoss()
for epoch in range(15):
    model.train()
    total = 0.0
    for xb, qb in loader:
        loss = bce(model(xb), qb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() * xb.size(0)
    print("epoch %d  loss %.4f" % (epoch + 1, total / len(X_tr)))

model.eval()
with torch.no_grad():
    right = ((model(X_te) > 0) == q_te.bool()).float().mean(dim=0)
for name, r in zip(["even", "below five", "loop"], right):
    print(f"{name:>10}: {r:.3f}")
print(f"mean accuracy: {right.mean():.4f}")
