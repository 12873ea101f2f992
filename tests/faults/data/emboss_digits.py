import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.utils.data import Dataset, DataLoader


class EmbossedDigits(Dataset):
    """Scans kept by class, as in a folder tree: 0/, 1/, ..., 9/."""

    def __init__(self, images, labels):
        self.samples = []
        for c in range(10):
            for img in images[labels == c]:
                self.samples.append((torch.tensor(img, dtype=torch.float32).unsqueeze(0), c))

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, i):
        img, label = self.samples[i]
        return (img / 16.0 - 0.305) / 0.376, label


class SmallConv(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(12, 24, 3, padding=1), nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.classifier = nn.Linear(24 * 2 * 2, 10)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


def run_epoch(model, loader, criterion, optimizer=None):
    training = optimizer is not None
    model.train(training)
    loss_sum, correct, seen = 0.0, 0, 0
    with torch.set_grad_enabled(training):
        for images, labels in loader:
            logits = model(images)
            loss = criterion(logits, labels)
            if training:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            loss_sum += loss.item() * labels.size(0)
            correct += (logits.argmax(1) == labels).sum().item()
            seen += labels.size(0)
    return loss_sum / seen, correct / seen


def main():
    torch.manual_seed(13)
    digits = load_digits()
    tr_x, te_x, tr_y, te_y = train_test_split(digits.images, digits.target, test_size=0.3,
                                              stratify=digits.target, random_state=13)
    train_loader = DataLoader(EmbossedDigits(tr_x, tr_y), batch_size=64)
    test_loader = DataLoader(EmbossedDigits(te_x, te_y), batch_size=128)
    model = SmallConv()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
    for epoch in range(1, 13):
        tr_loss, tr_acc = run_epoch(model, train_loader, criterion, optimizer)
        te_loss, te_acc = run_epoch(model, test_loader, criterion)
        print(f"Epoch {epoch:2d}: train {tr_loss:.3f}/{tr_acc:.3f}  test {te_loss:.3f}/{te_acc:.3f}")
    print(f"Test accuracy: {te_acc:.4f}")


if __name__ == "__main__":
    main()
