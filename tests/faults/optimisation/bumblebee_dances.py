import math

import torch
import torch.nn as nn
import torch.nn.functional as F

CLASSES = ["circle", "waggle", "tremble", "return"]
LENGTH, WIDTH, BATCH, EPOCHS = 24, 32, 64, 10


def make_tracks(count, generator):
    """Heading, speed and wing-beat series of a bee filmed on the comb."""
    kind = torch.randint(0, 4, (count,), generator=generator)
    t = torch.arange(LENGTH, dtype=torch.float32).expand(count, LENGTH)
    phase = torch.rand(count, 1, generator=generator) * 2 * math.pi
    rate = 0.8 + 0.4 * torch.rand(count, 1, generator=generator)
    heading = torch.zeros(count, LENGTH)
    speed = torch.zeros(count, LENGTH)
    heading[kind == 0] = torch.sin(0.45 * rate * t + phase)[kind == 0]
    heading[kind == 1] = (torch.sin(0.45 * rate * t + phase) + 0.8 * torch.sin(2.4 * rate * t))[kind == 1]
    heading[kind == 2] = (0.8 * torch.sin(2.4 * rate * t + phase))[kind == 2]
    heading[kind == 3] = torch.sign(torch.sin(0.45 * rate * t + phase))[kind == 3]
    speed[:] = 0.5 * torch.cos(0.3 * rate * t + phase)
    wing = torch.randn(count, LENGTH, generator=generator)
    tracks = torch.stack([heading, speed, wing], dim=-1)
    return tracks + 0.3 * torch.randn(tracks.shape, generator=generator), kind


class DanceReader(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(3, WIDTH)
        self.place = nn.Parameter(torch.randn(1, LENGTH, WIDTH) * 0.02)
        layer = nn.TransformerEncoderLayer(WIDTH, 4, dim_feedforward=64, dropout=0.1, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(WIDTH, len(CLASSES))

    def forward(self, tracks):
        hidden = self.encoder(self.embed(tracks) + self.place)
        return self.head(hidden.mean(dim=1))


def evaluate(model, tracks, kind):
    model.eval()
    with torch.no_grad():
        scores = model(tracks)
    return F.cross_entropy(scores, kind).item(), (scores.argmax(1) == kind).float().mean().item()


def main():
    torch.manual_seed(5)
    generator = torch.Generator().manual_seed(5)
    tracks, kind = make_tracks(1536, generator)
    test_tracks, test_kind = make_tracks(500, generator)
    model = DanceReader()
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-2)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=EPOCHS * (len(tracks) // BATCH))
    for epoch in range(EPOCHS):
        model.train()
        total = 0.0
        for rows in torch.randperm(len(tracks), generator=generator).split(BATCH):
            loss = F.cross_entropy(model(tracks[rows]), kind[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            total += loss.item() * len(rows)
        test_loss, test_acc = evaluate(model, test_tracks, test_kind)
        print(f"[{epoch + 1:02d}/{EPOCHS}] train {total / len(tracks):.4f}  test {test_loss:.4f}  acc {test_acc:.3f}")
    _, accuracy = evaluate(model, test_tracks, test_kind)
    print(f"dance accuracy: {accuracy:.4f}")


if __name__ == "__main__":
    main()
