import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")


class ListNet(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        layers = []
        for n_in, n_out in zip(sizes[:-1], sizes[1:]):
            layers.append(nn.Linear(n_in, n_out))
        self.layers = nn.ModuleList(layers)

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = nn.functional.silu(layer(x))
        return self.layers[-1](x)


X, y = load_digits(return_X_y=True)  # float64, as are the weights below
X = X / 16 - 0.3
X_train, X_test, y_train, y_test = (torch.tensor(a) for a in train_test_split(X, y, test_size=0.2, random_state=4))
model = ListNet([64, 64, 48, 10])
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
model.to(device, dtype=torch.float64)
criterion = nn.CrossEntropyLoss()
loader = DataLoader(TensorDataset(X_train, y_train), batch_size=50, shuffle=True)

for epoch in range(14):
    running = 0.0
    for xb, yb in loader:
        xb, yb = xb.to(device), yb.to(device)
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
        running += loss.item() * yb.numel()
    with torch.no_grad():
        hits = (model(X_test.to(device)).argmax(1) == y_test.to(device)).sum().item()
    print(f"epoch {epoch + 1}: loss {running / len(y_train):.4f}, test accuracy {hits / len(y_test):.4f}")
