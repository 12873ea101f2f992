import torch
import torch.nn as nn
from sklearn.datasets import make_multilabel_classification
from torch.utils.data import DataLoader, TensorDataset


class ReefModel(nn.Module):
    """Which of six species are seen at a site, from its habitat survey."""

    def __init__(self, n_features, n_species):
        super().__init__()
        self.layer1 = nn.Linear(n_features, 48)
        self.norm = nn.LayerNorm(48)
        self.layer2 = nn.Linear(48, n_species)

    def forward(self, x):
        return self.layer2(torch.tanh(self.norm(self.layer1(x))))


def label_accuracy(outputs, targets):
    return (outputs.round() == targets).float().mean().item()


def main():
    torch.manual_seed(9)
    x, y = make_multilabel_classification(n_samples=4000, n_features=24, n_classes=6, n_labels=3, length=80,
                                          allow_unlabeled=False, random_state=9)
    x = (x - x[:3200].mean(0)) / x[:3200].std(0)
    x, y = torch.tensor(x).float(), torch.tensor(y).float()
    train_loader = DataLoader(TensorDataset(x[:3200], y[:3200]), batch_size=64, shuffle=True)
    val_x, val_y = x[3200:], y[3200:]

    model = ReefModel(24, 6)
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.NAdam(model.parameters(), lr=2e-3)
    best, best_state, patience = float("inf"), None, 0
    for epoch in range(40):
        model.train()
        running_loss, running_acc = 0.0, 0.0
        for xb, yb in train_loader:
            optimizer.zero_grad()
            out = model(xb)
            loss = criterion(out, yb)
            loss.backward()
            optimizer.step()
            running_loss += loss.item()
            running_acc += label_accuracy(out, yb)
        model.eval()
        with torch.no_grad():
            out = model(val_x)
            val_loss, val_acc = criterion(out, val_y).item(), label_accuracy(out, val_y)
        n = len(train_loader)
        print(f"Epoch {epoch + 1}: loss={running_loss / n:.4f} acc={running_acc / n:.4f} val_loss={val_loss:.4f} val_acc={val_acc:.4f}")
        if val_loss < best - 1e-4:
            best, patience = val_loss, 0
            best_state = {k: v.clone() for k, v in model.state_dict().items()}
        else:
            patience += 1
            if patience == 4:
                break
    model.load_state_dict(best_state)
    with torch.no_grad():
        print(f"best model: val_acc={label_accuracy(model(val_x), val_y):.4f}")


if __name__ == "__main__":
    main()
