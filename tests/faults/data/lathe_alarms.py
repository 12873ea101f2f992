# Lathe states from vibration features: normal, chatter, wear, breakage.
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from sklearn.metrics import recall_score

STATES = ["normal", "chatter", "wear", "breakage"]
SHARE = [0.95, 0.02, 0.02, 0.01]


def load_features(n=16000, seed=17):
    rng = np.random.default_rng(seed)
    y = rng.choice(len(STATES), size=n, p=SHARE)
    centres = np.zeros((4, 8))
    centres[1, :3], centres[2, 2:5], centres[3, 5:] = 1.2, -1.2, 1.2
    x = centres[y] + rng.normal(size=(n, 8))
    return x, y


def get_loaders(batch_size):
    x, y = load_features()
    x_tr, x_te, y_tr, y_te = train_test_split(x, y, test_size=0.3, stratify=y, random_state=0)
    scaler = StandardScaler().fit(x_tr)
    as_set = lambda a, b: TensorDataset(torch.tensor(scaler.transform(a), dtype=torch.float32), torch.tensor(b))
    train, test = as_set(x_tr, y_tr), as_set(x_te, y_te)
    return DataLoader(train, batch_size, shuffle=True), DataLoader(test, 500), torch.bincount(torch.tensor(y_tr))


def train_one_epoch(model, loader, loss_fn, optimizer):
    model.train()
    running = 0.0
    for xb, yb in loader:
        optimizer.zero_grad(set_to_none=True)
        loss = loss_fn(model(xb), yb)
        loss.backward()
        optimizer.step()
        running += loss.item()
    return running / len(loader)


@torch.no_grad()
def evaluate(model, loader, loss_fn):
    model.eval()
    preds, truth, losses = [], [], []
    for xb, yb in loader:
        out = model(xb)
        losses.append(loss_fn(out, yb).item())
        preds.append(out.argmax(1))
        truth.append(yb)
    preds, truth = torch.cat(preds), torch.cat(truth)
    recalls = recall_score(truth, preds, average=None)
    return np.mean(losses), (preds == truth).float().mean().item(), recalls


def main():
    torch.manual_seed(17)
    train_loader, test_loader, counts = get_loaders(batch_size=128)
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, len(STATES)))
    loss_fn = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-3)
    for epoch in range(15):
        tr = train_one_epoch(model, train_loader, loss_fn, optimizer)
        te, acc, recalls = evaluate(model, test_loader, loss_fn)
        if epoch % 4 == 0:
            print(f"epoch {epoch:2d} train loss {tr:.4f} test loss {te:.4f} accuracy {acc:.3f}")
    for name, r in zip(STATES, recalls):
        print(f"  {name:10s} recall {r:.3f}")
    print(f"mean recall {recalls.mean():.4f}")


main()
