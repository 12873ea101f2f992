import torch, torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

torch.manual_seed(42)

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X / 16.0, y, test_size=0.25, stratify=y, random_state=42)
X_train = torch.tensor(X_train, dtype=torch.float32)
X_test = torch.tensor(X_test, dtype=torch.float32)
y_train = torch.tensor(y_train)
y_test = torch.tensor(y_test)

n = 256
p = 0.4
model = nn.Sequential(
    nn.Dropout(0.1),
    nn.Linear(64, n), nn.ReLU(), nn.Dropout(p),
    nn.Linear(n, n), nn.ReLU(), nn.Dropout(p),
    nn.Linear(n, 10),
)
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.002)
num_epochs = 50
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=num_epochs)

for epoch in range(num_epochs):
    model.train()
    train_loss, correct = 0.0, 0
    for batch in torch.randperm(len(X_train)).split(64):
        out = model(X_train[batch])
        loss = loss_fn(out, y_train[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        train_loss += loss.item() * len(batch)
        correct += (out.argmax(1) == y_train[batch]).sum().item()
    scheduler.step()

    model.eval()
    with torch.no_grad():
        out = model(X_test)
        test_loss = loss_fn(out, y_test).item()
        test_acc = (out.argmax(1) == y_test).float().mean().item()
    if (epoch + 1) % 5 == 0:
        print(f"Epoch {epoch+1}/{num_epochs}, train loss: {train_loss/len(X_train):.4f}, train acc: {correct/len(X_train):.4f}, test loss: {test_loss:.4f}, test acc: {test_acc:.4f}")
print(f"Test accuracy: {test_acc:.4f}")
