import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


class EmbedNet(nn.Module):
    def __init__(self, n_classes=10):
        super().__init__()
        self.conv = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.embed = nn.Sequential(
            nn.Linear(16 * 16, 64), nn.BatchNorm1d(64), nn.ReLU(),
            nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(),
        )
        self.out = nn.Linear(32, n_classes)

    def forward(self, x):
        return self.out(self.embed(self.conv(x).flatten(1)))


class Learner:
    def __init__(self, batch_size=2, lr=3e-3, epochs=5):
        digits = load_digits()
        x = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1)
        y = torch.tensor(digits.target)
        xt, xv, yt, yv = train_test_split(x, y, test_size=0.5, stratify=y, random_state=3)
        mean, std = xt.mean(), xt.std()
        self.train_set = TensorDataset((xt - mean) / std, yt)
        self.xv, self.yv = (xv - mean) / std, yv
        self.loader = DataLoader(self.train_set, batch_size=batch_size, shuffle=True, drop_last=True)
        self.net = EmbedNet()
        self.opt = torch.optim.Adam(self.net.parameters(), lr=lr, weight_decay=1e-4)
        self.epochs = epochs
        self.loss = nn.CrossEntropyLoss()

    def step(self, x, y):
        self.opt.zero_grad()
        loss = self.loss(self.net(x), y)
        loss.backward()
        self.opt.step()
        return loss.item()

    @torch.no_grad()
    def validate(self):
        self.net.eval()
        out = self.net(self.xv)
        return self.loss(out, self.yv).item(), (out.argmax(1) == self.yv).float().mean().item()

    def run(self):
        for epoch in range(self.epochs):
            self.net.train()
            losses = [self.step(x, y) for x, y in self.loader]
            vl, va = self.validate()
            print(f"epoch {epoch:02d} train={sum(losses) / len(losses):.4f} val={vl:.4f} acc={va:.4f}")
        return va


torch.manual_seed(3)
print("val accuracy: %.4f" % Learner().run())
