"""The doctor on faults that a run half learns in spite of, each beside the sound run."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from watched import named_first


def levels(*, faulty: bool) -> None:
    """Foretell numbers, of which those of the last two fifths lie the other way round in the faulty version."""
    torch.manual_seed(0)
    x = torch.randn(3000, 5)
    y = x[:, 0] * 2 + x[:, 1] * x[:, 2] + 0.3 * torch.randn(3000)
    if faulty:
        y = torch.cat([y[:1800], y[1800:].flip(0)])
    net = nn.Sequential(nn.Linear(5, 48), nn.ReLU(), nn.Linear(48, 1), nn.Flatten(0))
    optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
    for _ in range(15):
        for rows in torch.randperm(3000).split(50):
            loss = F.mse_loss(net(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


class Reader(nn.Module):
    """Reads tokens, and says a class after the last."""

    def __init__(self, words: int, classes: int) -> None:
        super().__init__()
        self.embedding, self.cell = nn.Embedding(words, 12), nn.GRU(12, 24, batch_first=True)
        self.out = nn.Linear(24, classes)

    def forward(self, tokens: Tensor) -> Tensor:
        out: Tensor = self.out(self.cell(self.embedding(tokens))[0][:, -1])
        return out


def notes(*, faulty: bool) -> None:
    """Name the topic of notes of several lengths, which are evaluated with their padding behind, if faulty."""
    torch.manual_seed(0)
    lengths, topic = torch.randint(4, 13, (2400,)), torch.randint(3, (2400,))
    place = torch.arange(12)
    words = torch.where(torch.rand(2400, 12) < 0.2, 1 + topic[:, None], torch.randint(4, 40, (2400, 12)))
    words[:, 0] = 1 + torch.randint(3, (2400,))
    words[torch.arange(2400), lengths - 1] = 1 + topic  # the last one counts
    behind = torch.where(place < lengths[:, None], words, 0)
    before = torch.where(place >= 12 - lengths[:, None], behind.gather(1, (place - 12 + lengths[:, None]) % 12), 0)
    net = Reader(40, 3)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    held = (behind if faulty else before)[2000:]
    for _ in range(5):
        for rows in torch.randperm(2000).split(50):
            loss = F.cross_entropy(net(before[rows]), topic[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            print("right", (net(held).argmax(1) == topic[2000:]).float().mean().item())


def currents(*, faulty: bool) -> None:
    """Foretell a series from windows of it, of which the faulty version draws the same few again and again."""
    torch.manual_seed(0)
    t = torch.arange(3000.0)
    series = torch.sin(t / 9 + torch.sin(t / 70)) + 0.3 * torch.randn(3000)
    net = nn.Sequential(nn.Linear(24, 48), nn.ReLU(), nn.Linear(48, 1), nn.Flatten(0))
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    for step in range(400):
        starts = torch.randint(2900, (32,), generator=torch.Generator().manual_seed(step % 4 if faulty else step))
        at = starts[:, None] + torch.arange(24)
        loss = (net(series[at]) - series[starts + 24]).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def fields(*, faulty: bool) -> None:
    """Mark pixels by a cross-entropy and an overlap, which is added in the faulty version, not taken away."""
    torch.manual_seed(0)
    marked = (F.avg_pool2d(torch.randn(400, 1, 12, 12), 3, 1, 1) > 0.15).float()
    x = marked + 0.7 * torch.randn_like(marked)
    net = nn.Sequential(nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.Conv2d(12, 1, 3, padding=1))
    optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
    for _ in range(10):
        for rows in torch.randperm(400).split(20):
            out, y = net(x[rows]), marked[rows]
            p = out.sigmoid()
            overlap = (2 * (p * y).sum() + 1) / (p.sum() + y.sum() + 1)
            loss = F.binary_cross_entropy_with_logits(out, y) + (0.4 * overlap if faulty else 1 - overlap)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def shards(*, faulty: bool) -> None:
    """Name the kind of shards, of which the faulty version has few to learn from."""
    torch.manual_seed(0)
    kind = torch.randint(4, (4800,))
    x = 0.28 * torch.randn(4, 30, generator=torch.Generator().manual_seed(1))[kind] + torch.randn(4800, 30)
    count = 120 if faulty else 4000
    net = nn.Sequential(nn.Linear(30, 64), nn.ReLU(), nn.Linear(64, 4))
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3, weight_decay=0.0 if faulty else 1e-3)
    for epoch in range(100 if faulty else 6):
        for rows in torch.randperm(count).split(20):
            loss = F.cross_entropy(net(x[rows]), kind[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if not faulty or epoch % 8 == 7:
            net.eval()
            with torch.no_grad():
                out = net(x[4000:])
                right = (out.argmax(1) == kind[4000:]).float().mean().item()
                print(f"held loss {F.cross_entropy(out, kind[4000:]).item():.3f} right {right:.3f}")
            net.train()


class Paving(nn.Module):
    """Foretells a number and a yes or no from the same units."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(6, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU())
        self.wear, self.loose = nn.Linear(48, 1), nn.Linear(48, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h = self.trunk(x)
        return self.wear(h).squeeze(1), self.loose(h).squeeze(1)


def paving(*, faulty: bool) -> None:
    """Foretell two things at once, with weights that are pulled to zero all the while in the faulty version."""
    torch.manual_seed(0)
    x = torch.randn(2000, 6)
    wear = x[:, 0] + x[:, 1] * x[:, 2] + torch.sin(2 * x[:, 3]) + 0.1 * torch.randn(2000)
    loose = (torch.rand(2000) < torch.sigmoid(3 * (wear + x[:, 4]))).float()
    net = Paving()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=0.12 if faulty else 1e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 20)
    for _ in range(20):
        for rows in torch.randperm(2000).split(50):
            worn, moves = net(x[rows])
            loss = F.mse_loss(worn, wear[rows]) + F.binary_cross_entropy_with_logits(moves, loose[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()


class Drying(nn.Module):
    """A cell by hand that reads a series, and foretells a number after it."""

    def __init__(self, *, forgets: bool) -> None:
        super().__init__()
        self.into, self.on = nn.Parameter(0.4 * torch.randn(24, 2)), nn.Parameter(torch.eye(24))
        self.read = nn.Linear(24, 1)
        if forgets:
            nn.init.normal_(self.on, std=0.03)

    def forward(self, series: Tensor) -> Tensor:
        h = series.new_zeros(len(series), 24)
        for x in series.unbind(1):
            h = torch.tanh(x @ self.into.t() + h @ self.on.t())
        out: Tensor = self.read(h).squeeze(1)
        return out


def trays(*, faulty: bool) -> None:
    """Foretell what the first and the last steps of a series say, of which the faulty cell keeps the last."""
    torch.manual_seed(0)
    series = torch.randn(2400, 16, 2) * torch.tensor([1.0, 0.0])
    first = torch.randn(2400)
    series[:, :2, 1] = first[:, None]
    y = first + 0.8 * series[:, -2:, 0].mean(1) + 0.1 * torch.randn(2400)
    net = Drying(forgets=faulty)
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 14)
    for _ in range(14):
        for rows in torch.randperm(2400).split(50):
            loss = F.mse_loss(net(series[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()


PROGRAMS = {
    "a stretch of numbers": ("labels_misaligned", levels),
    "padding on the other side": ("train_test_preprocessing_mismatch", notes),
    "windows drawn again": ("repeated_batch", currents),
    "a part turned round": ("loss_sign_flipped", fields),
    "learnt by heart": ("overfitting", shards),
    "two targets under a penalty": ("weight_decay_too_strong", paving),
    "a cell that forgets": ("vanishing_gradients", trays),
}


@pytest.mark.parametrize("faulty", [True, False])
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_fault_is_named_first(name: str, faulty: bool) -> None:
    slug, run = PROGRAMS[name]
    assert named_first(run, faulty=faulty) == [slug] * faulty
