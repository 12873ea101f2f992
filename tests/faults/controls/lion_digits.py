"""Lion optimiser from scratch (Chen et al. 2023), on the 8x8 digits."""
import torch
from torch import nn
from torch.optim import Optimizer
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


class Lion(Optimizer):
    def __init__(self, params, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["m"] = torch.zeros_like(p)
                m = state["m"]
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_(torch.sign(b1 * m + (1 - b1) * p.grad), alpha=-group["lr"])
                m.mul_(b2).add_(p.grad, alpha=1 - b2)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = nn.Linear(64, 64)
        self.l2 = nn.Linear(64, 10)
        self.drop = nn.Dropout(0.3)

    def forward(self, x):
        return self.l2(self.drop(torch.relu(self.l1(x))))


torch.manual_seed(64)
X, y = load_digits(return_X_y=True)
X = torch.tensor((X - X.mean()) / X.std(), dtype=torch.float32)
y = torch.tensor(y)
X_tr, X_va, y_tr, y_va = train_test_split(X, y, test_size=0.25, random_state=64, stratify=y)
loader = DataLoader(TensorDataset(X_tr, y_tr), batch_size=64, shuffle=True)
model = Net()
optimizer = Lion(model.parameters(), lr=1e-3, weight_decay=1.0)
EPOCHS = 40
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda e: min((e + 1) / 3, (EPOCHS - e) / (EPOCHS - 3)))
loss_fn = nn.CrossEntropyLoss(label_smoothing=0.05)
for epoch in range(EPOCHS):
    model.train()
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = loss_fn(model(xb), yb)
        loss.backward()
        optimizer.step()
    scheduler.step()
    model.eval()
    with torch.no_grad():
        out = model(X_va)
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1} train loss {loss.item():.4f} val loss {loss_fn(out, y_va):.4f} val acc {(out.argmax(1) == y_va).float().mean():.4f}")
