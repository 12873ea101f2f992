"""Recognise a transport mode from a variable number of GPS fixes."""
import numpy as np
import torch
import torch.nn as nn

torch.manual_seed(11)
rng = np.random.default_rng(11)

MODES = ["walk", "bike", "bus", "train", "ferry"]
centres = rng.normal(size=(len(MODES), 3, 4))


def make_trip(mode):
    n = rng.integers(6, 15)
    phase = rng.integers(0, 3, n)
    fixes = centres[mode, phase] + 1.1 * rng.normal(size=(n, 4))
    inter = fixes[:, :2] * fixes[:, 2:]
    return np.concatenate([fixes, 0.5 * inter], 1).astype(np.float32)


def make_set(n):
    modes = rng.integers(0, len(MODES), n)
    return [make_trip(m) for m in modes], torch.as_tensor(modes)


class TripNet(nn.Module):
    def __init__(self, n_in=6, point_dim=8, hidden=32):
        super().__init__()
        self.point = nn.Sequential(nn.Linear(n_in, 32), nn.ReLU(), nn.Linear(32, point_dim), nn.ReLU())
        self.classify = nn.Sequential(nn.Linear(point_dim, hidden), nn.ReLU(), nn.Linear(hidden, len(MODES)))

    def pool(self, points, lengths):
        means = [p.mean(0) for p in np.split(points.detach().numpy(), np.cumsum(lengths)[:-1])]
        return torch.from_numpy(np.stack(means))

    def forward(self, trips):
        lengths = [len(t) for t in trips]
        points = self.point(torch.from_numpy(np.concatenate(trips)))
        return self.classify(self.pool(points, lengths))


train_trips, train_modes = make_set(2500)
test_trips, test_modes = make_set(800)

model = TripNet()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
loss_fn = nn.CrossEntropyLoss()

for epoch in range(1, 9):
    model.train()
    losses = []
    order = rng.permutation(len(train_trips))
    for chunk in np.array_split(order, len(order) // 50):
        logits = model([train_trips[i] for i in chunk])
        loss = loss_fn(logits, train_modes[chunk])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        logits = model(test_trips)
    accuracy = (logits.argmax(1) == test_modes).float().mean().item()
    print(f"{epoch:2d}: train {np.mean(losses):.3f}, test {loss_fn(logits, test_modes).item():.3f}, accuracy {accuracy:.3f}")

print(f"Accuracy on test trips: {accuracy:.4f}")
