"""Isotope mixture from a mass spectrum with a batch-normalised 1-d net."""
import torch
from torch import nn
from torch.utils.data import TensorDataset, DataLoader

torch.manual_seed(12)
torch.set_num_threads(1)

CONFIG = dict(n_train=640, n_val=300, batch_size=2, lr=2e-3, epochs=14, channels=12)


def spectra(n):
    kind = torch.randint(0, 5, (n,))
    mass = torch.arange(32).float()
    centre = torch.tensor([9.0, 12.0, 15.0, 18.0, 21.0])[kind].unsqueeze(1) + 0.5 * torch.randn(n, 1)
    ratio = torch.tensor([0.3, 0.9, 0.5, 0.2, 0.7])[kind].unsqueeze(1)
    gain = torch.exp(0.7 * torch.randn(n, 1))
    base = 1.0 * torch.randn(n, 1)
    peak = torch.exp(-((mass - centre) / 1.2) ** 2) + ratio * torch.exp(-((mass - centre - 4) / 1.2) ** 2)
    return (2.0 * gain * peak + base + 0.35 * torch.randn(n, 32)).unsqueeze(1), kind


def block(c_in, c_out):
    return nn.Sequential(nn.Conv1d(c_in, c_out, 5, padding=2), nn.BatchNorm1d(c_out), nn.ReLU())


def build(c):
    return nn.Sequential(
        block(1, c), nn.MaxPool1d(2), block(c, 2 * c), nn.MaxPool1d(2),
        nn.Flatten(), nn.Linear(16 * c, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 5),
    )


x, y = spectra(CONFIG["n_train"])
xv, yv = spectra(CONFIG["n_val"])
loader = DataLoader(TensorDataset(x, y), batch_size=CONFIG["batch_size"], shuffle=True, drop_last=True)
net = build(CONFIG["channels"])
opt = torch.optim.Adam(net.parameters(), lr=CONFIG["lr"])
ce = nn.CrossEntropyLoss()

for epoch in range(CONFIG["epochs"]):
    net.train()
    total = 0.0
    for xb, yb in loader:
        opt.zero_grad()
        loss = ce(net(xb), yb)
        loss.backward()
        opt.step()
        total += loss.item()
    net.eval()
    with torch.no_grad():
        z = net(xv)
    print("epoch", epoch, "train", f"{total / len(loader):.3f}", "val", f"{ce(z, yv).item():.3f}",
          "val acc", f"{(z.argmax(1) == yv).float().mean().item():.3f}")
