"""Read the colour-band pattern of a falcon's leg from small noisy crops."""
import numpy as np
import torch
import torch.nn as nn

PATTERNS = 10
H, W = 14, 8


def crops(n, rng, bands):
    kind = rng.integers(0, PATTERNS, n)
    x = np.zeros((n, 3, H, W), dtype=np.float32)
    for i, k in enumerate(kind):
        top = rng.integers(1, 4)
        for j, colour in enumerate(bands[k]):
            x[i, :, top + 3 * j:top + 3 * j + 3, 1:7] += colour[:, None, None]
        x[i] *= rng.uniform(0.7, 1.2)
    x += rng.normal(0, 0.55, x.shape).astype(np.float32)
    return torch.from_numpy(x), torch.from_numpy(kind)


class BandReader(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 12, 3, padding=1), nn.BatchNorm2d(12), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(12, 20, 3, padding=1), nn.BatchNorm2d(20), nn.ReLU(),
        )
        self.head = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(20 * 7 * 4, 32), nn.ReLU(),
                                  nn.Dropout(0.4), nn.Linear(32, PATTERNS))

    def forward(self, x):
        return self.head(self.features(x))


class Experiment:
    def __init__(self, data, epochs=9, batch=50):
        self.data, self.epochs, self.batch = data, epochs, batch
        self.model = BandReader()
        self.loss = nn.CrossEntropyLoss()
        self.opt = torch.optim.Adam(self.model.parameters(), lr=2e-3)
        self.sched = torch.optim.lr_scheduler.CosineAnnealingLR(self.opt, epochs)

    def sweep(self, split):
        self.model.train(split != "test")
        x, y = self.data[split]
        learn = split == "train"
        order = torch.randperm(len(y)) if learn else torch.arange(len(y))
        loss_sum, right = 0.0, 0
        for rows in order.split(self.batch):
            with torch.set_grad_enabled(learn):
                out = self.model(x[rows])
                loss = self.loss(out, y[rows])
            if learn:
                self.opt.zero_grad()
                loss.backward()
                self.opt.step()
            loss_sum += loss.item() * len(rows)
            right += (out.argmax(1) == y[rows]).sum().item()
        return loss_sum / len(y), right / len(y)

    def run(self):
        for epoch in range(1, self.epochs + 1):
            train_loss, train_acc = self.sweep("train")
            valid_loss, valid_acc = self.sweep("valid")
            self.sched.step()
            print(f"{epoch:2d}: train {train_loss:.4f} ({train_acc:.3f})  valid {valid_loss:.4f} ({valid_acc:.3f})")
        print(f"valid accuracy {valid_acc:.4f}")


if __name__ == "__main__":
    torch.manual_seed(9)
    rng = np.random.default_rng(9)
    palette = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0.9, 0.9, 0.9]], dtype=np.float32)
    codes = [(a, b, c) for a in range(5) for b in range(5) for c in range(5) if a != b and b != c]
    chosen = rng.choice(len(codes), PATTERNS, replace=False)
    bands = [palette[list(codes[c])] for c in chosen]
    Experiment({"train": crops(2000, rng, bands), "valid": crops(600, rng, bands)}).run()
