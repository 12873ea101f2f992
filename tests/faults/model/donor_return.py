import torch
import torch.nn as nn
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split

torch.manual_seed(1)
X, y = make_classification(n_samples=5000, n_features=14, n_informative=9, n_redundant=2, n_clusters_per_class=1,
                           class_sep=0.9, flip_y=0.02, weights=[0.55], random_state=30)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=30)
X_train, X_test = torch.tensor(X_train).float(), torch.tensor(X_test).float()
mean, std = X_train.mean(dim=0), X_train.std(dim=0)
X_train, X_test = (X_train - mean) / std, (X_test - mean) / std
y_train, y_test = torch.tensor(y_train).float().view(-1, 1), torch.tensor(y_test).float().view(-1, 1)


class DonorModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer_1 = nn.Linear(14, 40)
        self.layer_2 = nn.Linear(40, 20)
        self.layer_out = nn.Linear(20, 1)
        self.relu = nn.ReLU()
        self.dropout = nn.Dropout(0.1)

    def forward(self, inputs):
        x = self.relu(self.layer_1(inputs))
        x = self.dropout(x)
        x = self.relu(self.layer_2(x))
        return self.layer_out(x)


def binary_acc(y_pred, y_true):
    y_pred_tag = torch.round(y_pred)
    correct = (y_pred_tag == y_true).sum().float()
    return 100 * correct / y_true.shape[0]


model = DonorModel()
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.005, weight_decay=1e-4)
EPOCHS, BATCH = 24, 100

for e in range(1, EPOCHS + 1):
    model.train()
    epoch_loss, epoch_acc, n_batches = 0, 0, 0
    shuffled = torch.randperm(X_train.size(0))
    for b in range(0, X_train.size(0), BATCH):
        rows = shuffled[b:b + BATCH]
        optimizer.zero_grad()
        y_pred = model(X_train[rows])
        loss = criterion(y_pred, y_train[rows])
        acc = binary_acc(y_pred, y_train[rows])
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item()
        epoch_acc += acc.item()
        n_batches += 1
    model.eval()
    with torch.no_grad():
        test_out = model(X_test)
    if e % 3 == 1:
        print(f"Epoch {e:02}: | Loss: {epoch_loss / n_batches:.5f} | Acc: {epoch_acc / n_batches:.3f} "
              f"| Test loss: {criterion(test_out, y_test).item():.5f}")
print(f"Test accuracy: {binary_acc(test_out, y_test).item():.2f}")
