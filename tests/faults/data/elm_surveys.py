"""Health grade of street elms from crown and leaf measurements taken by volunteers."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

GRADES = ["sound", "stressed", "flagging", "diseased", "dead"]


def measure(count, rng):
    grade = rng.integers(0, 5, count)
    centre = np.random.default_rng(1).normal(0, 1, (5, 14))
    bend = np.random.default_rng(2).normal(0, 0.7, (14, 14))
    raw = centre[grade] * 0.9 + rng.normal(0, 0.75, (count, 14))
    crown = raw + 0.5 * np.tanh(raw @ bend)
    scale = np.array([3, 20, 1, 0.2, 50, 2, 8, 1, 1, 0.5, 10, 4, 1, 6.0])
    return crown * scale + 2 * scale, grade


def ask_volunteers(grade, rng, volunteers=31):
    """One vote per volunteer and tree: some know elms, many guess."""
    wrong = rng.integers(0, 5, (len(grade), volunteers))
    sure = rng.random((len(grade), volunteers)) < 0.30
    return np.where(sure, grade[:, None], wrong)


def settle(votes):
    counts = np.stack([(votes == g).sum(1) for g in range(5)], 1)
    return counts.argmax(1)


def build():
    return nn.Sequential(
        nn.Linear(14, 96), nn.ReLU(), nn.Dropout(0.2),
        nn.Linear(96, 48), nn.ReLU(), nn.Dropout(0.2),
        nn.Linear(48, 5),
    )


def train():
    rng = np.random.default_rng(1908)
    torch.manual_seed(1908)
    crown, grade = measure(1400, rng)
    votes = ask_volunteers(grade, rng)
    labels = votes[:, 0]
    crown_test, grade_test = measure(1000, rng)
    mean, std = crown.mean(0), crown.std(0)
    x = torch.tensor((crown - mean) / std, dtype=torch.float32)
    x_test = torch.tensor((crown_test - mean) / std, dtype=torch.float32)
    y = torch.tensor(labels)
    y_test = torch.tensor(grade_test)

    loader = DataLoader(TensorDataset(x, y), batch_size=50, shuffle=True)
    net = build()
    optimizer = torch.optim.Adagrad(net.parameters(), lr=0.02, weight_decay=1e-4)
    loss_fn = nn.CrossEntropyLoss()
    for epoch in range(1, 25):
        net.train()
        total = right = 0
        for xb, yb in loader:
            optimizer.zero_grad()
            out = net(xb)
            loss = loss_fn(out, yb)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(xb)
            right += (out.argmax(1) == yb).sum().item()
        if epoch % 3 == 0:
            net.eval()
            with torch.no_grad():
                out = net(x_test)
            print(f"epoch {epoch:2d}: train loss {total / len(x):.4f} acc {right / len(x):.3f}; "
                  f"arborist's plots loss {loss_fn(out, y_test).item():.4f} "
                  f"acc {(out.argmax(1) == y_test).float().mean().item():.3f}")
    return net, x_test, y_test


if __name__ == "__main__":
    net, x_test, y_test = train()
    net.eval()
    with torch.no_grad():
        guess = net(x_test).argmax(1)
    for i, name in enumerate(GRADES):
        print(f"  {name:9s} recall {(guess[y_test == i] == i).float().mean().item():.3f}")
    print(f"agreement with the arborist: {(guess == y_test).float().mean().item():.4f}")
