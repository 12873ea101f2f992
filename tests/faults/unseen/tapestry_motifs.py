"""Motifs of woven tapestries: 16 little patterns on 14x14 crops, some threads missing."""
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(52)
torch.set_num_threads(1)

CLASSES = 16


def crops(n, motifs):
    y = torch.randint(0, CLASSES, (n,))
    img = 0.4 * torch.randn(n, 1, 14, 14)
    for i in range(n):
        r, c = torch.randint(0, 5, (2,)).tolist()
        thread = (torch.rand(10, 10) > 0.15).float()
        img[i, 0, r:r + 10, c:c + 10] += motifs[y[i]] * thread
    return img, y


class MotifNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 12, 3), nn.ReLU(),
            nn.Conv2d(12, 24, 3), nn.ReLU(), nn.MaxPool2d(2),
        )
        self.fc1 = nn.Linear(24 * 5 * 5, 64)
        self.fc2 = nn.Linear(64, CLASSES)

    def forward(self, x):
        x = self.features(x).flatten(1)
        x = torch.relu(self.fc1(x))
        return torch.softmax(self.fc2(x), dim=1)


motifs = (torch.rand(CLASSES, 5, 5) > 0.5).float().repeat_interleave(2, 1).repeat_interleave(2, 2) * 2 - 1
x, y = crops(2600, motifs)
train = DataLoader(TensorDataset(x[:2000], y[:2000]), batch_size=32, shuffle=True)
test = DataLoader(TensorDataset(x[2000:], y[2000:]), batch_size=100)

net = MotifNet()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.03, momentum=0.9, nesterov=True)

for epoch in range(10):
    net.train()
    seen, loss_sum, right = 0, 0.0, 0
    for img, label in train:
        out = net(img)
        loss = criterion(out, label)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        seen += len(label)
        loss_sum += loss.item() * len(label)
        right += (out.argmax(1) == label).sum().item()
    net.eval()
    with torch.no_grad():
        ok = sum((net(img).argmax(1) == label).sum().item() for img, label in test)
    print(f"Epoch {epoch + 1}/10  train loss {loss_sum / seen:.4f}  train acc {right / seen:.3f}  test acc {ok / 600:.3f}")
