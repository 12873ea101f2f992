import numpy as np
import torch
import torch.nn as nn
from sklearn.metrics import f1_score
from torch.utils.data import DataLoader, TensorDataset

N_TAGS, LENGTH = 5, 96


def synth_calls(n, seed):
    """Clips of noise; every tag that is on adds its own short chirp somewhere."""
    rng = np.random.default_rng(seed)
    on = rng.random((n, N_TAGS)) < 0.45
    clips = rng.normal(0, 0.5, (n, LENGTH))
    t = np.arange(20)
    envelope = np.hanning(20)
    for tag in range(N_TAGS):
        f0 = 0.06 + 0.04 * tag
        sweep = (-1) ** tag * 0.002
        chirp = envelope * np.sin(2 * np.pi * (f0 * t + sweep * t ** 2)) * 1.6
        for i in np.flatnonzero(on[:, tag]):
            start = rng.integers(0, LENGTH - 20)
            clips[i, start:start + 20] += chirp
    return torch.tensor(clips, dtype=torch.float32).unsqueeze(1), torch.tensor(on, dtype=torch.float32)


class ResBlock(nn.Module):
    def __init__(self, ch):
        super().__init__()
        self.conv1 = nn.Conv1d(ch, ch, 7, padding=3)
        self.conv2 = nn.Conv1d(ch, ch, 7, padding=3)

    def forward(self, x):
        return torch.relu(x + self.conv2(torch.relu(self.conv1(x))))


class CallTagger(nn.Module):
    def __init__(self, ch=16, n_blocks=2):
        super().__init__()
        self.stem = nn.Conv1d(1, ch, 9, stride=2, padding=4)
        self.blocks = [ResBlock(ch) for _ in range(n_blocks)]
        self.head = nn.Linear(ch, N_TAGS)

    def forward(self, x):
        x = torch.relu(self.stem(x))
        for block in self.blocks:
            x = block(x)
        return self.head(x.amax(dim=-1))


torch.manual_seed(12)
x_train, y_train = synth_calls(3000, seed=1)
x_test, y_test = synth_calls(1000, seed=2)
mu, sd = x_train.mean(), x_train.std()
x_train, x_test = (x_train - mu) / sd, (x_test - mu) / sd
loader = DataLoader(TensorDataset(x_train, y_train), batch_size=40, shuffle=True)

model = CallTagger()
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=0.02)
n_epochs = 12
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=n_epochs * len(loader))
print("parameters:", sum(p.numel() for p in model.parameters()))
for epoch in range(n_epochs):
    model.train()
    train_loss = 0.0
    for clip, tags in loader:
        loss = criterion(model(clip), tags)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        train_loss += loss.item() / len(loader)
    model.eval()
    with torch.no_grad():
        logits = model(x_test)
    f1 = f1_score(y_test.numpy(), (logits > 0).numpy(), average="macro", zero_division=0)
    print(f"epoch {epoch + 1}: train {train_loss:.4f} test {criterion(logits, y_test).item():.4f} macro-F1 {f1:.4f}")
print(f"macro F1: {f1:.4f}")
