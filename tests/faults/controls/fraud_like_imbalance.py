import torch
from sklearn.datasets import make_classification
from sklearn.metrics import average_precision_score, confusion_matrix, f1_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
X, y = make_classification(
    n_samples=4000, n_features=16, n_informative=8, weights=[0.95], class_sep=1.1, flip_y=0.0, n_clusters_per_class=1, random_state=4
)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, stratify=y, random_state=0)
sc = StandardScaler()
X_train = torch.tensor(sc.fit_transform(X_train), dtype=torch.float32)
X_test = torch.tensor(sc.transform(X_test), dtype=torch.float32)
y_train_t = torch.tensor(y_train, dtype=torch.float32)

model = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 1))
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
loader = DataLoader(TensorDataset(X_train, y_train_t), batch_size=64, shuffle=True)

for epoch in range(12):
    model.train()
    total = 0.0
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = criterion(model(xb).squeeze(-1), yb)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(xb)
    model.eval()
    with torch.no_grad():
        prob = torch.sigmoid(model(X_test).squeeze(-1)).numpy()
    pred = (prob > 0.5).astype(int)
    print(f"epoch {epoch + 1}: loss {total / len(X_train):.4f} AP {average_precision_score(y_test, prob):.4f} F1 {f1_score(y_test, pred):.4f}")
print(confusion_matrix(y_test, pred))
