import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader


class AutoEncoder(nn.Module):
    def __init__(self, code=16):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64, 48), nn.ELU(), nn.Linear(48, code))
        self.decoder = nn.Sequential(nn.Linear(code, 48), nn.ELU(), nn.Linear(48, 64))

    def forward(self, x):
        return self.decoder(self.encoder(x))


torch.manual_seed(0)
pixels = torch.tensor(load_digits().data, dtype=torch.float32) / 16
pixels = (pixels - pixels.mean()) / pixels.std()
pixels = pixels[torch.randperm(len(pixels))]
train_loader = DataLoader(pixels[:1400], batch_size=35, shuffle=True)
held_out = pixels[1400:]

autoencoder = AutoEncoder()
optimizer = torch.optim.Adam(autoencoder.parameters(), lr=2e-3, weight_decay=0.05)
reconstruction = nn.MSELoss()

for epoch in range(20):
    autoencoder.train()
    losses = []
    for x in train_loader:
        optimizer.zero_grad()
        loss = reconstruction(autoencoder(x), x)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    autoencoder.eval()
    with torch.no_grad():
        test_loss = reconstruction(autoencoder(held_out), held_out).item()
    print("Epoch", epoch + 1, "train", round(sum(losses) / len(losses), 4), "held-out", round(test_loss, 4))
