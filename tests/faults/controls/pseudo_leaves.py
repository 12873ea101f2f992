"""Self-training: confident predictions on unlabelled samples join the training set after each round."""
import torch
from torch import nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

torch.manual_seed(2)
X, y = load_digits(return_X_y=True)
X = torch.tensor((X - 4.9) / 6.0, dtype=torch.float32)
y = torch.tensor(y)
pool, test = train_test_split(torch.arange(len(X)), test_size=400, random_state=0, stratify=y)
labelled, unlabelled = pool[:200], pool[200:]


def fit(x, t, epochs=40):
    net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.3), nn.Linear(64, 10))
    opt = torch.optim.Adam(net.parameters(), lr=3e-3, weight_decay=1e-4)
    for _ in range(epochs):
        net.train()
        for idx in torch.randperm(len(x)).split(32):
            loss = nn.functional.cross_entropy(net(x[idx]), t[idx])
            opt.zero_grad()
            loss.backward()
            opt.step()
    return net.eval()


x, t = X[labelled], y[labelled]
for round_ in range(4):
    net = fit(x, t, 40 if round_ == 0 else 12)
    with torch.no_grad():
        accuracy = (net(X[test]).argmax(1) == y[test]).float().mean().item()
        prob, guess = net(X[unlabelled]).softmax(1).max(1)
    sure = prob > 0.95
    print(f"round {round_}: {len(x)} samples, {int(sure.sum())} confident, test accuracy {accuracy:.4f}")
    x = torch.cat([X[labelled], X[unlabelled][sure]])
    t = torch.cat([y[labelled], guess[sure]])
