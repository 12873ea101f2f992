"""Finds boats in 32 x 32 harbour radar frames for the pier master's screen: an 8 x 8 grid of cells,
each says whether a boat's centre lies in it, what kind it is and where inside the cell."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

KINDS = ("dinghy", "trawler", "ferry")
GRID, CELL = 8, 4
FIELDS = 1 + len(KINDS) + 2      # presence, kind logits, offset (y, x)


def make_frames(n, seed):
    g = torch.Generator().manual_seed(seed)
    yy, xx = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
    frames = 0.12 * torch.randn(n, 1, 32, 32, generator=g)
    truth = torch.zeros(n, GRID * GRID, 4)     # presence, kind, dy, dx
    for i in range(n):
        for cell in torch.randperm(GRID * GRID, generator=g)[:int(torch.randint(4, 9, (), generator=g))]:
            kind = int(torch.randint(3, (), generator=g))
            dy, dx = 0.15 + 0.7 * torch.rand(2, generator=g)
            cy, cx = (cell // GRID + dy) * CELL - 0.5, (cell % GRID + dx) * CELL - 0.5
            sy, sx = ((0.9, 0.9), (0.9, 2.2), (2.2, 0.9))[kind]
            frames[i, 0] += torch.exp(-((yy - cy) / sy) ** 2 - ((xx - cx) / sx) ** 2)
            truth[i, cell] = torch.tensor([1.0, kind, dy, dx])
    return frames, truth


class Radar(nn.Module):
    def __init__(self, w=12):
        super().__init__()
        self.backbone = nn.Sequential(
            nn.Conv2d(1, w, 3, padding=1), nn.BatchNorm2d(w), nn.ReLU(),
            nn.Conv2d(w, w, 4, stride=2, padding=1), nn.BatchNorm2d(w), nn.ReLU(),
            nn.Conv2d(w, 2 * w, 4, stride=2, padding=1), nn.BatchNorm2d(2 * w), nn.ReLU(),
            nn.Conv2d(2 * w, 2 * w, 3, padding=1), nn.BatchNorm2d(2 * w), nn.ReLU(),
        )
        self.head = nn.Conv2d(2 * w, FIELDS, 1)

    def forward(self, frames):
        maps = self.head(self.backbone(frames))
        return maps.reshape(len(frames), GRID * GRID, FIELDS)


def detection_loss(cells, truth):
    there = truth[..., 0] > 0.5
    presence = F.binary_cross_entropy_with_logits(cells[..., 0], truth[..., 0])
    kind = F.cross_entropy(cells[there][:, 1:4], truth[there][:, 1].long())
    offset = F.l1_loss(cells[there][:, 4:], truth[there][:, 2:])
    return 4 * presence + kind + offset, (presence.item(), kind.item(), offset.item())


@torch.no_grad()
def f1_score(model, frames, truth):
    """A detection counts when cell and kind are both right."""
    model.eval()
    cells = model(frames)
    model.train()
    found = torch.sigmoid(cells[..., 0]) > 0.35
    there = truth[..., 0] > 0.5
    right = found & there & (cells[..., 1:4].argmax(-1) == truth[..., 1].long())
    tp = right.sum().item()
    return 2 * tp / max(1, found.sum().item() + there.sum().item())


def main():
    torch.manual_seed(8)
    train = make_frames(950, seed=1)
    held = make_frames(250, seed=2)
    loader = DataLoader(TensorDataset(*train), batch_size=50, shuffle=True)
    model = Radar()
    epochs = 8
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=1e-4)
    lr_at = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * len(loader))
    for epoch in range(1, epochs + 1):
        parts = []
        for frames, truth in loader:
            loss, detail = detection_loss(model(frames), truth)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            lr_at.step()
            parts.append(detail)
        p, k, o = torch.tensor(parts).mean(0).tolist()
        print(f"ep{epoch:>2} presence {p:.3f} kind {k:.3f} offset {o:.3f} | held-out F1 {f1_score(model, *held):.3f}")
    print(f"F1 on held-out frames: {f1_score(model, *held):.4f}")


if __name__ == "__main__":
    main()
