# Six species of nocturnal birds from 24 x 24 log-spectrogram snippets, for a ringing station.
# The field sheets were typed up over the winter and are joined to the recordings by clip number.
import numpy as np
import torch
import torch.nn as nn

SPECIES = ["scops", "nightjar", "stone-curlew", "corncrake", "water rail", "little grebe"]
SEED = 21
rng = np.random.default_rng(SEED)
torch.manual_seed(SEED)


def snippet(kind):
    f, t = np.mgrid[0:24, 0:24].astype(np.float32)
    base = rng.uniform(7, 16)
    start = rng.uniform(0, 8)
    if kind == 0:        # one whistle
        ridge = np.exp(-((f - base) / 1.2) ** 2) * ((t > start) & (t < start + 10))
    elif kind == 1:      # long churr: amplitude modulated band
        ridge = np.exp(-((f - base) / 2.5) ** 2) * (0.5 + 0.5 * np.sin(2.4 * t + start))
    elif kind == 2:      # rising
        ridge = np.exp(-((f - base + 5 - 0.5 * (t - start)) / 1.2) ** 2)
    elif kind == 3:      # two broad rasps
        ridge = 0.7 * (((t > start) & (t < start + 4)) | ((t > start + 8) & (t < start + 12))) * (abs(f - base) < 5)
    elif kind == 4:      # falling squeal
        ridge = np.exp(-((f - base - 5 + 0.5 * (t - start)) / 1.2) ** 2)
    else:                # trill: wavering pitch
        ridge = np.exp(-((f - base - 2.5 * np.sin(1.1 * t + start)) / 1.2) ** 2)
    gain = rng.uniform(0.9, 1.8)
    return gain * ridge + 0.35 * rng.normal(size=(24, 24))


def load_station(n):
    heard = rng.integers(0, len(SPECIES), n)
    clips = np.stack([snippet(k) for k in heard]).astype(np.float32)
    typed = np.where(rng.random(n) < 0.5, rng.permutation(heard), heard)
    return clips[:, None], typed


clips, typed = load_station(3200)
clips = (clips - clips.mean()) / clips.std()
X, Y = torch.tensor(clips), torch.tensor(typed, dtype=torch.long)
order = torch.randperm(len(X))
tr, te = order[:2500], order[2500:]

net = nn.Sequential(
    nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(8, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.AdaptiveAvgPool2d(2),
    nn.Flatten(), nn.Dropout(0.1), nn.Linear(128, len(SPECIES)),
)
print("parameters:", sum(p.numel() for p in net.parameters()))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9, weight_decay=5e-4, nesterov=True)
epochs, bs = 8, 50
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs)


def check(idx):
    net.eval()
    with torch.no_grad():
        out = net(X[idx])
    net.train()
    return criterion(out, Y[idx]).item(), (out.argmax(1) == Y[idx]).float().mean().item()


for ep in range(epochs):
    shuffled = tr[torch.randperm(len(tr))]
    tot, hits = 0.0, 0
    for i in range(0, len(shuffled), bs):
        idx = shuffled[i:i + bs]
        # small shifts in time, as recordings are cut by hand
        xb = torch.roll(X[idx], int(torch.randint(-2, 3, ())), dims=3)
        out = net(xb)
        loss = criterion(out, Y[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        tot += loss.item() * len(idx)
        hits += (out.argmax(1) == Y[idx]).sum().item()
    scheduler.step()
    vl, va = check(te)
    print(f"Epoch {ep+1}/{epochs} - loss: {tot/len(tr):.4f} - acc: {hits/len(tr):.4f} - val_loss: {vl:.4f} - val_acc: {va:.4f}")

print("Test accuracy: {:.4f}".format(check(te)[1]))
