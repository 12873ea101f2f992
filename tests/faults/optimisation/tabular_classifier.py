import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self, n_features, n_classes):
        super().__init__()
        self.fc1 = nn.Linear(n_features, 64)
        self.bn1 = nn.BatchNorm1d(64)
        self.fc2 = nn.Linear(64, n_classes)

    def forward(self, x):
        return self.fc2(F.relu(self.bn1(self.fc1(x))))


def load(batch_size=40):
    x, y = make_classification(n_samples=3000, n_features=12, n_informative=10, n_redundant=2, n_classes=5,
                               n_clusters_per_class=2, class_sep=1.8, flip_y=0.0, random_state=3)
    x_tr, x_te, y_tr, y_te = train_test_split(x, y, test_size=600, random_state=0)
    scaler = StandardScaler().fit(x_tr)
    tr = TensorDataset(torch.tensor(scaler.transform(x_tr)).float(), torch.tensor(y_tr))
    te = TensorDataset(torch.tensor(scaler.transform(x_te)).float(), torch.tensor(y_te))
    return DataLoader(tr, batch_size=batch_size, shuffle=True), DataLoader(te, batch_size=200)


def train(model, loader, optimizer, scheduler):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        scheduler.step()
    return loss.item()


def test(model, loader):
    model.eval()
    correct = 0
    with torch.no_grad():
        for x, y in loader:
            correct += model(x).argmax(1).eq(y).sum().item()
    return correct / len(loader.dataset)


def main():
    torch.manual_seed(0)
    train_loader, test_loader = load()
    model = Net(12, 5)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = StepLR(optimizer, step_size=5, gamma=0.5)
    for epoch in range(1, 16):
        last = train(model, train_loader, optimizer, scheduler)
        print(f"Epoch {epoch}: last batch loss {last:.4f}, test accuracy {test(model, test_loader):.4f}")


main()
