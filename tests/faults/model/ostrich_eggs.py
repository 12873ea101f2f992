"""Will this ostrich egg hatch? Binary classification with early stopping on the validation loss."""
import copy
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split


def collect(n, seed):
    gen = torch.Generator().manual_seed(seed)
    mass = 1450 + 140 * torch.randn(n, generator=gen)
    pores = 80 + 15 * torch.randn(n, generator=gen)
    days = torch.randint(0, 15, (n,), generator=gen).float()
    temp = 36.2 + 0.5 * torch.randn(n, generator=gen)
    humid = 25 + 6 * torch.randn(n, generator=gen)
    hen = torch.randint(0, 10, (n,), generator=gen)
    m, p, d = (mass - 1450) / 140, (pores - 80) / 15, days / 7 - 1
    t, h = (temp - 36.2) / 0.5, (humid - 25) / 6
    quality = torch.linspace(-1, 1, 10)[hen]
    logit = 2.5 + quality - 1.2 * d - 1.6 * t ** 2 - 1.2 * (p + h) ** 2 + 1.5 * m * (hen % 2 * 2 - 1)
    hatched = torch.rand(n, generator=gen) < torch.sigmoid(2.0 * logit)
    x = torch.cat([torch.stack([m, p, d, t, h], 1), nn.functional.one_hot(hen, 10).float()], 1)
    return TensorDataset(x, hatched.float())


class EarlyStopper:
    def __init__(self, patience=4, min_delta=0.001):
        self.patience, self.min_delta = patience, min_delta
        self.best, self.bad, self.state = float("inf"), 0, None

    def step(self, value, model):
        if value < self.best - self.min_delta:
            self.best, self.bad = value, 0
            self.state = copy.deepcopy(model.state_dict())
        else:
            self.bad += 1
        return self.bad >= self.patience


def run_epoch(model, loader, loss_fn, optimizer=None):
    training = optimizer is not None
    model.train(training)
    total, correct = 0.0, 0
    with torch.set_grad_enabled(training):
        for x, y in loader:
            logit = model(x).squeeze(1)
            loss = loss_fn(logit, y)
            if training:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            total += loss.item()
            correct += ((logit > 0).float() == y).sum().item()
    return total / len(loader.dataset), correct / len(loader.dataset)


def main():
    torch.manual_seed(6)
    data = collect(8000, 40)
    train, valid = random_split(data, [6400, 1600], generator=torch.Generator().manual_seed(41))
    test = collect(1600, 42)
    train_loader = DataLoader(train, batch_size=64, shuffle=True)
    valid_loader = DataLoader(valid, batch_size=400)
    test_loader = DataLoader(test, batch_size=400)

    model = nn.Sequential(nn.Linear(15, 48), nn.ELU(), nn.Linear(48, 48), nn.ELU(), nn.Linear(48, 1))
    loss_fn = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.95)
    stopper = EarlyStopper()
    for epoch in range(1, 41):
        train_loss, train_acc = run_epoch(model, train_loader, loss_fn, optimizer)
        valid_loss, valid_acc = run_epoch(model, valid_loader, loss_fn)
        scheduler.step()
        print(f"epoch {epoch:2d} train {train_loss:.5f} ({train_acc:.3f}) valid {valid_loss:.5f} ({valid_acc:.3f})")
        if stopper.step(valid_loss, model):
            print(f"no improvement for {stopper.patience} epochs, stopping")
            break
    model.load_state_dict(stopper.state)
    test_loss, test_acc = run_epoch(model, test_loader, loss_fn)
    print(f"hatching predicted right: {test_acc:.4f}")


if __name__ == "__main__":
    main()
