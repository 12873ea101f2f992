import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(30)

# near-infrared absorbance of petrol samples: 3 overlapping bands whose strengths set the octane number
n_train, n_test, n_wl = 1600, 400, 60
grid = torch.linspace(0, 1, n_wl)
centres, widths = torch.tensor([0.25, 0.5, 0.7]), torch.tensor([0.08, 0.12, 0.06])
bands = torch.exp(-((grid[None] - centres[:, None]) / widths[:, None]) ** 2)
conc = torch.rand(n_train + n_test, 3)
spectra = conc @ bands + 0.03 * torch.randn(n_train + n_test, n_wl)
octane = 88 + 6 * conc[:, 0] - 5 * conc[:, 1] ** 2 + 5 * conc[:, 0] * conc[:, 2] + 0.15 * torch.randn(n_train + n_test)

spectra = (spectra - spectra[:n_train].mean(0)) / spectra[:n_train].std(0)
o_mean, o_std = octane[:n_train].mean(), octane[:n_train].std()
target = ((octane - o_mean) / o_std).unsqueeze(1)

BATCH_SIZE = 2
EPOCHS = 3
train_loader = DataLoader(TensorDataset(spectra[:n_train], target[:n_train]), batch_size=BATCH_SIZE, shuffle=True)
x_test, y_test = spectra[n_train:], target[n_train:]


def block(i, o):
    return nn.Sequential(nn.Linear(i, o), nn.BatchNorm1d(o), nn.ReLU())


model = nn.Sequential(block(n_wl, 48), block(48, 24), nn.Linear(24, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
lr_schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=EPOCHS)
loss_function = nn.MSELoss()

for epoch in range(EPOCHS):
    model.train()
    running_loss = 0.0
    for inputs, values in train_loader:
        optimizer.zero_grad()
        outputs = model(inputs)
        loss = loss_function(outputs, values)
        loss.backward()
        optimizer.step()
        running_loss += loss.item() * inputs.size(0)
    lr_schedule.step()

    model.eval()
    with torch.no_grad():
        test_loss = loss_function(model(x_test), y_test).item()
    print(f"Epoch {epoch + 1}/{EPOCHS}, Train Loss: {running_loss / n_train:.4f}, Test Loss: {test_loss:.4f}")

model.eval()
with torch.no_grad():
    sep = ((model(x_test) - y_test) * o_std).pow(2).mean().sqrt()
print(f"Standard error of prediction: {sep.item():.4f} octane")
