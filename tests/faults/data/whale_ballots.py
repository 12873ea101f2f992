import numpy as np
import torch
from torch import nn
from torch.utils.data import TensorDataset, DataLoader

SEED = 21
np.random.seed(SEED)
torch.manual_seed(SEED)
N_CALLS, N_TEST, VOLUNTEERS, SPECIES = 900, 600, 15, 5


def make_spectrograms(n):
    """24 x 24 time-frequency pictures, one call contour in each"""
    species = np.random.randint(0, SPECIES, n)
    t = np.linspace(0, 1, 24)
    pics = np.random.randn(n, 24, 24) * 1.1
    for i, s in enumerate(species):
        base, amp = np.random.uniform(8, 15), np.random.uniform(3, 7)
        contour = [base + amp * (t - .5), base - amp * (t - .5), base + amp * (4 * (t - .5) ** 2 - .5),
                   base - amp * (4 * (t - .5) ** 2 - .5), base + amp * .6 * np.sin(4 * np.pi * t)][s]
        for col, f in enumerate(contour):
            pics[i, :, col] += 1.7 * np.exp(-0.5 * (np.arange(24) - f) ** 2)
    pics = (pics - pics.mean()) / pics.std()
    return torch.tensor(pics, dtype=torch.float32).unsqueeze(1), species


def collect_ballots(truth):
    """each volunteer names the species; most are beginners"""
    right = np.random.rand(len(truth), VOLUNTEERS) < 0.45
    guess = np.random.randint(0, SPECIES, (len(truth), VOLUNTEERS))
    return np.where(right, truth[:, None], guess)


pictures, truth = make_spectrograms(N_CALLS)
ballots = collect_ballots(truth)
counts = np.stack([(ballots == s).sum(1) for s in range(SPECIES)], 1)
labels = ballots[:, 0]
test_pictures, test_truth = make_spectrograms(N_TEST)
test_truth = torch.tensor(test_truth)
print("calls", len(labels), "votes per species", counts.sum(0).tolist())

loader = DataLoader(TensorDataset(pictures, torch.as_tensor(labels)), batch_size=30, shuffle=True)
model = nn.Sequential(
    nn.Conv2d(1, 8, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(16 * 36, 48), nn.ReLU(), nn.Linear(48, SPECIES))
loss_fn = nn.CrossEntropyLoss()
opt = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9, weight_decay=1e-3)
epochs = 14
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(opt, epochs)

for ep in range(epochs):
    model.train()
    tot = 0
    for pic, lab in loader:
        opt.zero_grad()
        loss = loss_fn(model(pic), lab)
        loss.backward()
        opt.step()
        tot += loss.item() * len(lab)
    scheduler.step()
    model.eval()
    with torch.no_grad():
        logits = model(test_pictures)
        test_loss = loss_fn(logits, test_truth).item()
        acc = (logits.argmax(1) == test_truth).float().mean().item()
    print(f"epoch {ep:02d} | train loss {tot / N_CALLS:.3f} | expert-checked: loss {test_loss:.3f} acc {acc:.3f}")
print("final accuracy on expert-checked calls: %.4f" % acc)
