"""Wool grading: one Dataset, two SubsetRandomSamplers (train and validation), early stopping on validation accuracy."""
import numpy as np
import torch
from sklearn.datasets import make_classification
from torch import nn
from torch.utils.data import DataLoader, Dataset, SubsetRandomSampler

np.random.seed(5)
torch.manual_seed(5)


class WoolLots(Dataset):
    def __init__(self):
        X, y = make_classification(n_samples=2400, n_features=14, n_informative=9, n_classes=5, n_clusters_per_class=1,
                                   class_sep=1.6, flip_y=0.01, random_state=11)
        X = (X - X.mean(axis=0)) / X.std(axis=0)
        self.X, self.y = torch.tensor(X, dtype=torch.float32), torch.tensor(y)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, index):
        return self.X[index], self.y[index]


dataset = WoolLots()
indices = np.random.permutation(len(dataset))
cut = int(0.3 * len(dataset))
train_loader = DataLoader(dataset, batch_size=40, sampler=SubsetRandomSampler(indices[cut:]))
valid_loader = DataLoader(dataset, batch_size=120, sampler=SubsetRandomSampler(indices[:cut]))

net = nn.Sequential(nn.Linear(14, 48), nn.LeakyReLU(0.1), nn.Dropout(0.1), nn.Linear(48, 5))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.8, nesterov=True, weight_decay=5e-4)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=20)


def validate():
    net.eval()
    correct = 0
    with torch.no_grad():
        for inputs, labels in valid_loader:
            correct += (net(inputs).argmax(dim=1) == labels).sum().item()
    return correct / len(valid_loader.dataset)


best, since_best = 0.0, 0
for epoch in range(20):
    net.train()
    loss_sum, rows = 0.0, 0
    for inputs, labels in train_loader:
        optimizer.zero_grad()
        loss = criterion(net(inputs), labels)
        loss.backward()
        optimizer.step()
        loss_sum += loss.item() * len(labels)
        rows += len(labels)
    scheduler.step()
    accuracy = validate()
    print(f"epoch {epoch + 1:2d}  train loss {loss_sum / rows:.4f}  valid accuracy {accuracy:.4f}")
    since_best = 0 if accuracy > best else since_best + 1
    best = max(best, accuracy)
    if since_best == 8:
        print("no better for 8 epochs, stopping")
        break

print(f"validation accuracy: {accuracy:.4f} (best {best:.4f})")
