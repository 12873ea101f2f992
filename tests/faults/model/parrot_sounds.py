"""Which of eight parrots is talking? Deep MLP on mel-like band energies."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

BANDS, BIRDS, HIDDEN, DEPTH = 40, 8, 64, 6


def record(n, seed):
    gen = torch.Generator().manual_seed(seed)
    world = torch.Generator().manual_seed(1234)
    pitch = 6 + 8 * torch.rand(BIRDS, 2, generator=world)
    ratio = 1.5 + torch.rand(BIRDS, 2, generator=world)
    tilt = 0.04 * torch.randn(BIRDS, generator=world)
    bird = torch.randint(0, BIRDS, (n,), generator=gen)
    mood = torch.randint(0, 2, (n,), generator=gen)
    band = torch.arange(BANDS).float().unsqueeze(0)
    f0 = (pitch[bird, mood] + 0.5 * torch.randn(n, generator=gen)).unsqueeze(1)
    r = ratio[bird, mood].unsqueeze(1)
    energy = torch.zeros(n, BANDS)
    for k, gain in enumerate((1.0, 0.8, 0.5)):
        energy = energy + gain * torch.exp(-((band - f0 * r ** k) / 1.6) ** 2)
    loud = 1 + 0.3 * torch.randn(n, 1, generator=gen)
    energy = energy * loud + tilt[bird].unsqueeze(1) * (band - 20) / 5
    return energy + 0.15 * torch.randn(n, BANDS, generator=gen), bird


def build_model(activation):
    layers, width = [], BANDS
    for _ in range(DEPTH):
        layers += [nn.Linear(width, HIDDEN), activation()]
        width = HIDDEN
    layers.append(nn.Linear(width, BIRDS))
    return nn.Sequential(*layers)


def train_one_epoch(model, loader, criterion, optimizer):
    model.train()
    loss_sum = 0.0
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        loss_sum += loss.item() * y.numel()
    return loss_sum / len(loader.dataset)


@torch.no_grad()
def test(model, loader, criterion):
    model.eval()
    loss_sum, correct = 0.0, 0
    for x, y in loader:
        out = model(x)
        loss_sum += criterion(out, y).item() * y.numel()
        correct += (out.argmax(dim=1) == y).sum().item()
    return loss_sum / len(loader.dataset), correct / len(loader.dataset)


def main():
    torch.manual_seed(0)
    x_train, y_train = record(8000, 10)
    x_test, y_test = record(1500, 20)
    mu, sd = x_train.mean(0), x_train.std(0)
    train_set = TensorDataset((x_train - mu) / sd, y_train)
    test_set = TensorDataset((x_test - mu) / sd, y_test)
    train_loader = DataLoader(train_set, batch_size=100, shuffle=True)
    test_loader = DataLoader(test_set, batch_size=500)

    model = build_model(nn.Sigmoid)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    epochs = 14
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    for epoch in range(1, epochs + 1):
        train_loss = train_one_epoch(model, train_loader, criterion, optimizer)
        test_loss, acc = test(model, test_loader, criterion)
        scheduler.step()
        print(f"Epoch {epoch:02d} | train {train_loss:.4f} | test {test_loss:.4f} | acc {acc:.4f}")
    print(f"Accuracy of bird identification: {acc:.4f}")


if __name__ == "__main__":
    main()
