import torch
from torch import nn
from sklearn.datasets import make_moons
from torch.optim.lr_scheduler import CosineAnnealingLR

torch.manual_seed(0)
X, y = make_moons(1200, noise=0.15, random_state=0)
X = torch.as_tensor(X, dtype=torch.float32)
y = torch.as_tensor(y, dtype=torch.float32).unsqueeze(1)
X = (X - X.mean(dim=0)) / X.std(dim=0)
X_train, X_test, y_train, y_test = X[:900], X[900:], y[:900], y[900:]

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
model = nn.Sequential(nn.Linear(2, 24), nn.SiLU(), nn.Linear(24, 24), nn.SiLU(), nn.Linear(24, 1)).to(device)
loss_func = nn.BCEWithLogitsLoss()

n_epochs, batch_size = 40, 60
opt = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
sched = CosineAnnealingLR(opt, T_max=n_epochs)

for epoch in range(n_epochs):
    model.train()
    perm = torch.randperm(len(X_train))
    epoch_loss = 0
    for start in range(0, len(X_train), batch_size):
        batch = perm[start:start + batch_size]
        xb, yb = X_train[batch].to(device), y_train[batch].to(device)
        opt.zero_grad()
        loss = loss_func(model(xb), yb)
        loss.backward()
        epoch_loss += loss.item()
    sched.step()
    if epoch % 4 == 3:
        model.eval()
        with torch.no_grad():
            pred = model(X_test.to(device))
            test_loss = loss_func(pred, y_test.to(device)).item()
            test_acc = ((pred > 0).float().cpu() == y_test).float().mean().item()
        print(f"{epoch + 1:>3}/{n_epochs}  loss {epoch_loss / 15:.4f}  test loss {test_loss:.4f}  test acc {test_acc:.4f}  lr {sched.get_last_lr()[0]:.4f}")
