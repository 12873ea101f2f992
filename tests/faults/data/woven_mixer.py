import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset

torch.manual_seed(14)
MEAN, STD = None, None


def render(n, gen):
    """RGB patches of six kinds of cloth: stripes at three angles with two yarn colours."""
    label = torch.randint(0, 6, (n,), generator=gen)
    angle = (label % 3).float() * 1.05 + 0.12 * torch.randn(n, generator=gen)
    u, v = torch.meshgrid(torch.arange(16.0), torch.arange(16.0), indexing="ij")
    phase = 6.28 * torch.rand(n, 1, 1, generator=gen)
    stripes = torch.sin(1.3 * (u * angle.cos().view(-1, 1, 1) + v * angle.sin().view(-1, 1, 1)) + phase)
    yarn = torch.tensor([[150.0, 118.0, 96.0], [136.0, 126.0, 112.0]])[label // 3]
    img = yarn.view(n, 3, 1, 1) + 16 * stripes.unsqueeze(1) + 30 * torch.randn(n, 3, 16, 16, generator=gen)
    return img.clamp(0, 255), label


class Cloth(Dataset):
    def __init__(self, images, labels, transform=None):
        self.images, self.labels, self.transform = images, labels, transform

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        img = self.images[i]
        if self.transform is not None:
            img = self.transform(img)
        return img, self.labels[i]


class Normalise:
    def __init__(self, mean, std):
        self.mean, self.std = mean.view(3, 1, 1), std.view(3, 1, 1)

    def __call__(self, img):
        return (img - self.mean) / self.std


class MixerBlock(nn.Module):
    def __init__(self, tokens, dim):
        super().__init__()
        self.n1, self.n2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.token = nn.Sequential(nn.Linear(tokens, 32), nn.GELU(), nn.Linear(32, tokens))
        self.channel = nn.Sequential(nn.Linear(dim, 64), nn.GELU(), nn.Linear(64, dim))

    def forward(self, x):
        x = x + self.token(self.n1(x).transpose(1, 2)).transpose(1, 2)
        return x + self.channel(self.n2(x))


class Mixer(nn.Module):
    def __init__(self, dim=32):
        super().__init__()
        self.patch = nn.Conv2d(3, dim, 4, stride=4)
        self.blocks = nn.Sequential(MixerBlock(16, dim), MixerBlock(16, dim))
        self.head = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, 6))

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        return self.head(self.blocks(x).mean(1))


gen = torch.Generator().manual_seed(2)
train_img, train_lab = render(2400, gen)
val_img, val_lab = render(600, gen)
train_tf = Normalise(train_img.mean((0, 2, 3)), train_img.std((0, 2, 3)))
val_tf = Normalise(torch.full((3,), 127.5), torch.full((3,), 127.5))
train_dl = DataLoader(Cloth(train_img, train_lab, train_tf), batch_size=48, shuffle=True)
val_dl = DataLoader(Cloth(val_img, val_lab, val_tf), batch_size=200)

net = Mixer()
opt = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.02)
for epoch in range(8):
    net.train()
    total = 0
    for x, y in train_dl:
        loss = nn.functional.cross_entropy(net(x), y)
        opt.zero_grad(set_to_none=True)
        loss.backward()
        opt.step()
        total += loss.item() * len(y)
    net.eval()
    with torch.no_grad():
        correct = sum((net(x).argmax(1) == y).sum().item() for x, y in val_dl)
    print(f"{epoch:02d} train_loss={total / len(train_lab):.3f} val_acc={correct / len(val_lab):.3f}")
print("val_acc", round(correct / len(val_lab), 4))
