import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset, random_split
from sklearn.datasets import make_classification


def load_sherds():
    X, y = make_classification(n_samples=900, n_features=40, n_informative=12, n_redundant=4, n_classes=4,
                               n_clusters_per_class=2, class_sep=1.3, flip_y=0.0, random_state=14)
    X = (X - X.mean(0)) / X.std(0)
    return TensorDataset(torch.from_numpy(X).float(), torch.from_numpy(y))


DATA = load_sherds()
SIZES = [700, 200]


def get_loader(split, batch_size):
    train_part, test_part = random_split(DATA, SIZES)
    if split == "train":
        return DataLoader(train_part, batch_size=batch_size, shuffle=True)
    return DataLoader(test_part, batch_size=batch_size)


class SherdClassifier(nn.Module):
    def __init__(self, hidden=64):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(40, hidden), nn.ReLU(), nn.Dropout(0.3),
                                    nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(0.3), nn.Linear(hidden, 4))

    def forward(self, x):
        return self.layers(x)


def run_epoch(model, loader, criterion, optimizer=None):
    training = optimizer is not None
    model.train(training)
    loss_sum, hits, count = 0.0, 0, 0
    with torch.set_grad_enabled(training):
        for x, y in loader:
            out = model(x)
            loss = criterion(out, y)
            if training:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            loss_sum += loss.item() * y.size(0)
            hits += (out.argmax(1) == y).sum().item()
            count += y.size(0)
    return loss_sum / count, hits / count


def main():
    torch.manual_seed(42)
    train_loader = get_loader("train", 32)
    test_loader = get_loader("test", 200)
    model = SherdClassifier()
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.02)
    for epoch in range(1, 19):
        tr_loss, tr_acc = run_epoch(model, train_loader, criterion, optimizer)
        te_loss, te_acc = run_epoch(model, test_loader, criterion)
        if epoch % 3 == 0:
            print(f"{epoch:3d} train {tr_loss:.3f}/{tr_acc:.3f} test {te_loss:.3f}/{te_acc:.3f}")
    print(f"Test accuracy: {te_acc:.4f}")


main()
