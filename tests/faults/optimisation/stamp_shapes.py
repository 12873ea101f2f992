import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def draw_stamps(count, size=16, seed=0):
    """Ring, disc, cross, saltire, square and triangle at random places, with noise."""
    g = np.random.default_rng(seed)
    yy, xx = np.mgrid[:size, :size].astype(float)
    pics, kinds = [], g.permutation(np.arange(count) % 6)
    for kind in kinds:
        cx, cy = g.uniform(5.5, size - 6.5, 2)
        r = g.uniform(3.2, 5.0)
        dx, dy = xx - cx, yy - cy
        d = np.hypot(dx, dy)
        box = np.maximum(abs(dx), abs(dy)) <= r
        pic = [abs(d - r) < 0.9, d < r, box & (np.minimum(abs(dx), abs(dy)) < 0.9),
               box & (abs(abs(dx) - abs(dy)) < 1.1), box & (np.maximum(abs(dx), abs(dy)) > r - 1.5),
               (dy <= r) & (dy >= -r) & (abs(dx) * 2 <= dy + r)][kind]
        pics.append(pic * g.uniform(0.8, 1.2) + g.normal(0, 0.35, (size, size)))
    x = np.stack(pics)
    return torch.tensor((x - x.mean()) / x.std(), dtype=torch.float32)[:, None], torch.tensor(kinds)


class Encoder(nn.Module):
    def __init__(self, width=12):
        super().__init__()
        self.c1 = nn.Conv2d(1, width, 3, padding=1)
        self.c2 = nn.Conv2d(width, 2 * width, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.out_dim = 2 * width * 16

    def forward(self, x):
        x = self.pool(torch.relu(self.c1(x)))
        x = self.pool(torch.relu(self.c2(x)))
        return x.flatten(1)


def run_epoch(encoder, head, loader, optimizers=None):
    training = optimizers is not None
    encoder.train(training), head.train(training)
    loss_sum = right = n = 0
    with torch.set_grad_enabled(training):
        for x, y in loader:
            logits = head(encoder(x))
            loss = nn.functional.cross_entropy(logits, y)
            if training:
                for opt in optimizers.values():
                    opt.zero_grad()
                loss.backward()
                optimizers["head"].step()
            loss_sum += loss.item() * len(y)
            right += (logits.argmax(1) == y).sum().item()
            n += len(y)
    return loss_sum / n, right / n


torch.manual_seed(8)
train_loader = DataLoader(TensorDataset(*draw_stamps(3000, seed=80)), batch_size=50, shuffle=True)
test_loader = DataLoader(TensorDataset(*draw_stamps(900, seed=81)), batch_size=300)
encoder = Encoder()
head = nn.Sequential(nn.Dropout(0.3), nn.Linear(encoder.out_dim, 6))
optimizers = {
    "encoder": torch.optim.SGD(encoder.parameters(), lr=0.02, momentum=0.9, weight_decay=1e-3),
    "head": torch.optim.SGD(head.parameters(), lr=0.02, momentum=0.9, weight_decay=1e-3),
}
for epoch in range(8):
    train_loss, train_acc = run_epoch(encoder, head, train_loader, optimizers)
    test_loss, test_acc = run_epoch(encoder, head, test_loader)
    print(f"{epoch:>2} | {train_loss:.4f} {train_acc:.4f} | {test_loss:.4f} {test_acc:.4f}")
print(f"Test accuracy = {test_acc:.4f}")
