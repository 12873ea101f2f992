import torch
import torch.nn as nn
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

torch.manual_seed(0)

X, y = load_breast_cancer(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=0, stratify=y)
sc = StandardScaler()
X_train = torch.from_numpy(sc.fit_transform(X_train)).float()
X_test = torch.from_numpy(sc.transform(X_test)).float()
y_train = torch.from_numpy(y_train).float().view(-1, 1)
y_test = torch.from_numpy(y_test).float().view(-1, 1)

model = nn.Sequential(nn.Linear(30, 16), nn.ReLU(), nn.Linear(16, 1))
loss_fn = nn.BCEWithLogitsLoss()
optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)

batch_size = 32
for epoch in range(15):
    perm = torch.randperm(X_train.size(0))
    for i in range(0, X_train.size(0), batch_size):
        idx = perm[i:i + batch_size]
        logits = model(X_train[idx])
        loss = loss_fn(logits, y_train[idx])
        loss.backward()
        optimizer.zero_grad()
        optimizer.step()
    with torch.no_grad():
        train_loss = loss_fn(model(X_train), y_train)
    print(f"epoch {epoch + 1}/15, loss = {train_loss.item():.4f}")

with torch.no_grad():
    predicted = (model(X_test) > 0).float()
    acc = predicted.eq(y_test).sum().item() / len(y_test)
print("accuracy:", round(acc, 4))
