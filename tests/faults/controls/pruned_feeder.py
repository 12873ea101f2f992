"""Iterative magnitude pruning with rewinding: train, cut the smallest weights, go back to the first weights, repeat."""
import copy

import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(33)
digits = load_digits()
data = torch.tensor(digits.data, dtype=torch.float32)
data = (data - data.mean()) / data.std()
full = TensorDataset(data, torch.tensor(digits.target))
train_set, test_set = random_split(full, [1350, len(full) - 1350], generator=torch.Generator().manual_seed(33))
train_loader = DataLoader(train_set, batch_size=45, shuffle=True)
test_loader = DataLoader(test_set, batch_size=len(test_set))


class Lenet300(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2, self.fc3 = nn.Linear(64, 100), nn.Linear(100, 50), nn.Linear(50, 10)

    def forward(self, x):
        return self.fc3(torch.relu(self.fc2(torch.relu(self.fc1(x)))))


model = Lenet300()
initial = copy.deepcopy(model.state_dict())
masks = {name: torch.ones_like(p) for name, p in model.named_parameters() if name.endswith("weight")}
criterion = nn.CrossEntropyLoss()


@torch.no_grad()
def apply_masks():
    for name, p in model.named_parameters():
        if name in masks:
            p.mul_(masks[name])


@torch.no_grad()
def prune(share):
    for name, p in model.named_parameters():
        if name in masks:
            alive = p[masks[name].bool()].abs()
            masks[name] *= (p.abs() > alive.quantile(share)).float()
    model.load_state_dict(initial)
    apply_masks()


def train_round(epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    for _ in range(epochs):
        model.train()
        total = 0.0
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            for name, p in model.named_parameters():
                if name in masks:
                    p.grad.mul_(masks[name])
            optimizer.step()
            apply_masks()
            total += loss.item() * len(y)
        schedule.step()
    return total / len(train_set)


def test():
    model.eval()
    with torch.no_grad():
        x, y = next(iter(test_loader))
        logits = model(x)
    return criterion(logits, y).item(), (logits.argmax(1) == y).float().mean().item()


for round_ in range(5):
    train_loss = train_round(epochs=8)
    test_loss, accuracy = test()
    left = sum(m.sum().item() for m in masks.values()) / sum(m.numel() for m in masks.values())
    print(f"round {round_}: {100 * left:.1f}% of weights, train {train_loss:.4f}, test {test_loss:.4f}, acc {accuracy:.4f}")
    if round_ < 4:
        prune(0.35)

print(f"sparse network accuracy: {accuracy:.4f}")
