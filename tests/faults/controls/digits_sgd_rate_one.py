import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def main(lr=1.0, epochs=15):
    torch.manual_seed(0)
    X, y = load_digits(return_X_y=True)
    X = torch.tensor(X, dtype=torch.float32) / 16 - 0.3
    X_train, X_test, y_train, y_test = train_test_split(X, torch.tensor(y), test_size=0.2, random_state=8)
    loader = DataLoader(TensorDataset(X_train, y_train), batch_size=64, shuffle=True)
    model = nn.Sequential(nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 10))
    # ten logits, each with a loss of its own, averaged over batch and logits: gradients are a tenth of what they would be
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.5)
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for xb, yb in loader:
            target = nn.functional.one_hot(yb, 10).float()
            loss = criterion(model(xb), target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(xb)
        model.eval()
        with torch.no_grad():
            acc = (model(X_test).argmax(1) == y_test).float().mean().item()
        print(f"Epoch {epoch + 1}/{epochs}  loss: {total / len(X_train):.4f}  acc: {acc:.4f}")


if __name__ == "__main__":
    main()
