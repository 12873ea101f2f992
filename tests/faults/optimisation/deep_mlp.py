import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset


class DeepMLP(nn.Module):
    def __init__(self, n_in, width, depth, n_out):
        super().__init__()
        self.inp = nn.Linear(n_in, width)
        self.hidden = [nn.Linear(width, width) for _ in range(depth)]
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, n_out)

    def forward(self, x):
        x = torch.relu(self.inp(x))
        for layer in self.hidden:
            x = torch.relu(layer(x))
        return self.out(self.norm(x))


def get_loaders():
    x, y = load_digits(return_X_y=True)
    g = torch.Generator().manual_seed(7)
    idx = torch.randperm(len(x), generator=g)
    x = torch.tensor(x, dtype=torch.float32)[idx]
    x = (x - x[:1400].mean()) / x[:1400].std()
    y = torch.tensor(y)[idx]
    train_ds, test_ds = TensorDataset(x[:1400], y[:1400]), TensorDataset(x[1400:], y[1400:])
    return DataLoader(train_ds, batch_size=50, shuffle=True), DataLoader(test_ds, batch_size=397)


def main():
    torch.manual_seed(0)
    train_loader, test_loader = get_loaders()
    model = DeepMLP(64, 12, 4, 10)
    n_params = sum(p.numel() for p in model.parameters())
    print(f"model has {n_params} parameters")
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(1, 21):
        model.train()
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            x, y = next(iter(test_loader))
            logits = model(x)
            val_loss, val_acc = criterion(logits, y).item(), (logits.argmax(1) == y).float().mean().item()
        print(f"Epoch {epoch}\tval_loss={val_loss:.4f}\tval_acc={val_acc:.4f}")


if __name__ == "__main__":
    main()
