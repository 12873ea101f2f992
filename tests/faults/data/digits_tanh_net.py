import torch
from sklearn.datasets import load_digits
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset, random_split


def build_model():
    return nn.Sequential(
        nn.Linear(64, 48), nn.Tanh(),
        nn.Linear(48, 10),
    )


def load_pixels():
    digits = load_digits()
    pixels = torch.tensor(digits.data, dtype=torch.float32) * 255 / 16
    return TensorDataset(pixels, torch.tensor(digits.target))


def run_epoch(model, loader, criterion, optimizer=None):
    model.train(optimizer is not None)
    loss_sum, hits, n = 0.0, 0, 0
    with torch.set_grad_enabled(optimizer is not None):
        for x, y in loader:
            out = model(x)
            loss = criterion(out, y)
            if optimizer is not None:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            loss_sum += loss.item() * y.numel()
            hits += out.argmax(1).eq(y).sum().item()
            n += y.numel()
    return loss_sum / n, hits / n


def main():
    torch.manual_seed(0)
    train_ds, val_ds = random_split(load_pixels(), [1437, 360])
    train_dl = DataLoader(train_ds, batch_size=32, shuffle=True)
    val_dl = DataLoader(val_ds, batch_size=360)
    model = build_model()
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.SGD(model.parameters(), lr=0.005, momentum=0.9)
    for epoch in range(15):
        tl, ta = run_epoch(model, train_dl, criterion, optimizer)
        vl, va = run_epoch(model, val_dl, criterion)
        print(f"{epoch:2d}: train {tl:.3f}/{ta:.3f}  val {vl:.3f}/{va:.3f}")


main()
