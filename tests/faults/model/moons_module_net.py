import torch
import torch.nn as nn
from sklearn.datasets import make_moons
from sklearn.model_selection import train_test_split

torch.manual_seed(0)

X, y = make_moons(n_samples=1000, noise=0.15, random_state=3)
X = (X - X.mean(0)) / X.std(0)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=3)
X_train = torch.from_numpy(X_train).float()
X_test = torch.from_numpy(X_test).float()
y_train = torch.from_numpy(y_train).float()
y_test = torch.from_numpy(y_test).float()


class MoonNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(2, 32)
        self.hidden2 = nn.Linear(32, 32)
        self.out = nn.Linear(32, 1)

    def forward(self, x):
        x = torch.relu(self.hidden(x))
        x = torch.relu(self.hidden2(x))
        return self.out(x)


model = MoonNet()
loss_fn = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(20):
    model.train()
    for batch in torch.randperm(len(X_train)).split(40):
        optimizer.zero_grad()
        logits = model(X_train[batch])
        loss = loss_fn(logits, y_train[batch].unsqueeze(1))
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        logits = model(X_test)
        test_loss = loss_fn(logits, y_test.unsqueeze(1)).item()
        predicted = (torch.sigmoid(logits) > 0.5).float()
        accuracy = (predicted == y_test).float().mean().item()
    print(f"Epoch {epoch + 1}: test loss {test_loss:.4f}, test accuracy {accuracy:.4f}")
