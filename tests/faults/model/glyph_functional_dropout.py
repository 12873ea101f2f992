import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


class GlyphNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 20, 3)
        self.fc1 = nn.Linear(20 * 9, 64)
        self.fc2 = nn.Linear(64, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv(x)), 2)
        x = x.view(x.size(0), -1)
        x = F.dropout(F.relu(self.fc1(x)), p=0.5)
        return self.fc2(x)


def train(model, x, y, optimizer, batch_size=32):
    model.train()
    total = 0.0
    for idx in torch.randperm(x.size(0)).split(batch_size):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x[idx]), y[idx])
        loss.backward()
        optimizer.step()
        total += loss.item() * idx.numel()
    return total / x.size(0)


def test(model, x, y):
    model.eval()
    with torch.no_grad():
        logits = model(x)
    return F.cross_entropy(logits, y).item(), logits.argmax(dim=1).eq(y).float().mean().item()


def main():
    torch.manual_seed(1234)
    bunch = load_digits()
    tr_x, te_x, tr_y, te_y = train_test_split(bunch.images, bunch.target, test_size=500, random_state=1234, stratify=bunch.target)
    mean, std = tr_x.mean(), tr_x.std()
    tr_x = torch.tensor((tr_x - mean) / std, dtype=torch.float32).unsqueeze(1)
    te_x = torch.tensor((te_x - mean) / std, dtype=torch.float32).unsqueeze(1)
    tr_y, te_y = torch.tensor(tr_y), torch.tensor(te_y)
    model = GlyphNet()
    optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9)
    for epoch in range(1, 25):
        loss = train(model, tr_x, tr_y, optimizer)
        test_loss, acc = test(model, te_x, te_y)
        scheduler.step()
        if epoch % 3 == 0:
            print(f"Train Epoch: {epoch}\tLoss: {loss:.4f}\tTest loss: {test_loss:.4f}\tAccuracy: {acc:.4f}")
    print(f"Test accuracy: {acc:.4f}")


if __name__ == "__main__":
    main()
