"""Read the digit stamped on a crate. The stamp slips and runs dry, so such copies are added for training."""
import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.utils.data import DataLoader, TensorDataset


def slip(images, rng):
    out = np.zeros_like(images)
    for k, image in enumerate(images):
        dy, dx = rng.integers(-1, 2, 2)
        out[k] = np.roll(image, (dy, dx), (0, 1)) + rng.normal(0, 0.03, image.shape)
    return out


def enlarge(images, labels, rng, copies=3):
    """Slipped copies of everything, then faint prints, which we make digit by digit."""
    new_images = [images] + [slip(images, rng) for _ in range(copies)]
    new_labels = [labels] * (copies + 1)
    for _ in range(copies):
        for digit in range(10):
            member = np.flatnonzero(labels == digit)
            new_images.append(slip(0.5 * images[member], rng))
        new_labels.append(labels)
    return np.concatenate(new_images), np.concatenate(new_labels)


def make_model():
    return nn.Sequential(
        nn.Unflatten(1, (1, 8)), nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(),
        nn.Conv2d(16, 24, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.2), nn.Linear(24 * 16, 64), nn.ReLU(), nn.Linear(64, 10),
    )


def evaluate(model, x, y):
    model.eval()
    with torch.inference_mode():
        out = model(x)
        return nn.functional.cross_entropy(out, y).item(), (out.argmax(1) == y).float().mean().item()


def main():
    torch.manual_seed(13)
    rng = np.random.default_rng(13)
    images = load_digits().images.astype(np.float32) / 16
    xtr, xte, ytr, yte = train_test_split(images, load_digits().target, test_size=500, random_state=13)
    strength = rng.choice([1.0, 0.5], (len(xte), 1, 1)).astype(np.float32)
    xte = slip(strength * xte, rng)
    xtr, ytr = enlarge(xtr, ytr, rng)
    loader = DataLoader(TensorDataset(torch.from_numpy(xtr), torch.from_numpy(ytr)), batch_size=64, shuffle=True)
    xte, yte = torch.from_numpy(xte), torch.from_numpy(yte)
    model = make_model()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 9)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(9):
        model.train()
        running, correct = 0.0, 0
        for x, y in loader:
            optimizer.zero_grad()
            out = model(x)
            loss = criterion(out, y)
            loss.backward()
            optimizer.step()
            running += loss.item() * len(y)
            correct += (out.argmax(1) == y).sum().item()
        scheduler.step()
        test_loss, test_acc = evaluate(model, xte, yte)
        print(f"Epoch {epoch + 1}/9 loss {running / len(xtr):.4f} acc {correct / len(xtr):.4f} "
              f"test loss {test_loss:.4f} test acc {test_acc:.4f}")


if __name__ == "__main__":
    main()
