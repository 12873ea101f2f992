import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(0)
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")


class Backbone(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.conv1 = nn.Conv2d(1, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        self.conv3 = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return F.relu(self.conv3(x)).flatten(1)


class DigitNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = Backbone()
        self.fc = nn.Linear(32, 10)

    def forward(self, x):
        return self.fc(self.backbone(x))


digits = load_digits()
images = torch.tensor(digits.images).float().unsqueeze(1)
images = (images - images.mean()) / images.std()
train_data, val_data = random_split(TensorDataset(images, torch.tensor(digits.target)), [1437, 360])
train_dl = DataLoader(train_data, batch_size=32, shuffle=True)
val_dl = DataLoader(val_data, batch_size=60)

net = DigitNet().to(device)
for param in net.backbone.parameters():
    param.requires_grad = False
optimizer = torch.optim.Adam(filter(lambda p: p.requires_grad, net.parameters()), lr=0.005)

for epoch in range(11):
    net.train()
    train_loss = 0.0
    for img, lab in train_dl:
        img, lab = img.to(device), lab.to(device)
        optimizer.zero_grad()
        loss = F.cross_entropy(net(img), lab)
        loss.backward()
        optimizer.step()
        train_loss += loss.item() * len(lab) / len(train_data)
    net.eval()
    correct = 0
    with torch.no_grad():
        for img, lab in val_dl:
            correct += (net(img.to(device)).argmax(1).cpu() == lab).sum().item()
    print(f"epoch: {epoch + 1}, train_loss: {train_loss:.4f}, val_accuracy: {correct / len(val_data):.4f}")
