"""Learn the digits 0-4, then carry the encoder over to 5-9 (first the new head alone, then everything)."""
import torch
from sklearn.datasets import load_digits
from torch import nn


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 4), nn.Tanh())
        self.head = nn.Linear(4, 5)

    def forward(self, x):
        return self.head(self.encoder(x))


def run_epochs(model, optimizer, x, y, epochs, tag):
    for epoch in range(epochs):
        total = 0.0
        for idx in torch.randperm(len(x)).split(20):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x[idx]), y[idx])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(idx)
        print(f"[{tag}] epoch {epoch + 1}: loss {total / len(x):.3f}")


def accuracy(model, x, y):
    with torch.no_grad():
        return (model(x).argmax(1) == y).float().mean().item()


def main():
    torch.manual_seed(0)
    data, target = load_digits(return_X_y=True)
    data, target = torch.tensor(data).float(), torch.tensor(target)
    data = (data - data.mean()) / data.std()
    order = torch.randperm(len(data))
    data, target = data[order], target[order]
    old, new = target < 5, target >= 5

    model = Classifier()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    run_epochs(model, optimizer, data[old][:700], target[old][:700], 8, "pretrain")
    print(f"first task: {accuracy(model, data[old][700:], target[old][700:]):.3f}")

    x, y = data[new], target[new] - 5
    model.head = nn.Linear(4, 5)
    for p in model.encoder.parameters():
        p.requires_grad = False
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    run_epochs(model, optimizer, x[:700], y[:700], 3, "head")
    model.encoder.requires_grad = True
    run_epochs(model, optimizer, x[:700], y[:700], 15, "finetune")
    print(f"second task: {accuracy(model, x[700:], y[700:]):.3f}")


if __name__ == "__main__":
    main()
