import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(13)
np.random.seed(13)

X, y = load_diabetes(return_X_y=True, scaled=False)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=13)
mu, sigma = X_train.mean(axis=0), X_train.std(axis=0)
y_mu, y_sigma = y_train.mean(), y_train.std()
to_x = lambda a: torch.FloatTensor((a - mu) / sigma)
to_y = lambda a: torch.FloatTensor((a - y_mu) / y_sigma)
train_loader = DataLoader(TensorDataset(to_x(X_train), to_y(y_train)), batch_size=16, shuffle=True)
x_test, t_test = to_x(X_test), to_y(y_test)


class ProgressionModel(nn.Module):
    def __init__(self, n_features, hidden):
        super().__init__()
        self.input = nn.Linear(n_features, hidden)
        self.hidden = nn.Linear(hidden, hidden)
        self.output = nn.Linear(hidden, 1)

    def forward(self, x):
        x = torch.relu(self.input(x))
        x = torch.relu(self.hidden(x))
        return self.output(x).flatten()


epochs = 60
model = ProgressionModel(X.shape[1], 128)
loss_function = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

history = {"train": [], "test": []}
for epoch in range(epochs):
    model.train()
    batch_losses = []
    for inputs, targets in train_loader:
        optimizer.zero_grad()
        loss = loss_function(model(inputs), targets)
        loss.backward()
        optimizer.step()
        batch_losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        test_loss = loss_function(model(x_test), t_test).item()
    history["train"].append(np.mean(batch_losses))
    history["test"].append(test_loss)
    if epoch % 5 == 4:
        print(f"Epoch {epoch + 1}/{epochs}  train loss: {history['train'][-1]:.4f}  test loss: {test_loss:.4f}")

print(f"Test loss at the end: {history['test'][-1]:.4f}")
