import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(5)

# F1, F2, F3 (Hz) of eight vowels, with speakers of different vocal tract length
CENTRES = torch.tensor([[280., 2250, 2890], [400, 1920, 2560], [550, 1770, 2490], [690, 1660, 2490],
                        [710, 1100, 2540], [590, 880, 2540], [450, 1030, 2380], [310, 870, 2250]])


def speak(n):
    y = torch.randint(0, 8, (n,))
    tract = 1 + 0.06 * torch.randn(n, 1)
    x = CENTRES[y] * tract * (1 + 0.07 * torch.randn(n, 3))
    return x, y


x_train, y_train = speak(2000)
x_test, y_test = speak(600)
mean, std = x_train.mean(0), x_train.std(0)
x_train, x_test = (x_train - mean) / std, (x_test - mean) / std


class VowelClassifier(nn.Module):
    def __init__(self, hidden=40):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(3, hidden), nn.Tanh(),
            nn.Linear(hidden, hidden), nn.Tanh(),
            nn.Linear(hidden, 8))
        self.reset_parameters()

    def reset_parameters(self):
        for m in self.layers:
            if isinstance(m, nn.Linear):
                nn.init.constant_(m.weight, 0.05)
                nn.init.zeros_(m.bias)

    def forward(self, x):
        return self.layers(x)


model = VowelClassifier()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
loader = DataLoader(TensorDataset(x_train, y_train), batch_size=40, shuffle=True)

for epoch in range(30):
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        train_loss = criterion(model(x_train), y_train).item()
        test_out = model(x_test)
        test_loss = criterion(test_out, y_test).item()
        acc = (test_out.argmax(1) == y_test).float().mean().item()
    if epoch % 3 == 2:
        print("epoch %2d | train %.4f | test %.4f" % (epoch + 1, train_loss, test_loss))
print("test accuracy: %.4f" % acc)
