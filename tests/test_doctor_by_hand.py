"""The doctor on losses that a script writes by hand, of which no function of PyTorch says what the targets are."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from watched import named_first, watched

from unstuck.doctor import Doctor
from unstuck.doctor.case import Budget, Case
from unstuck.doctor.causes.lags import lag_of, lasting, sliding
from unstuck.doctor.streams import streams_of


def ranker(*, faulty: bool) -> None:
    """Rank lists by their grades, with next to no rate in the faulty version."""
    torch.manual_seed(0)
    x, want = torch.randn(1500, 8, 6), torch.randn(6)
    grade = (x @ want).argsort(1).argsort(1).float().div(2).floor()
    net = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-5 if faulty else 5e-3)
    for _ in range(12):
        for rows in torch.randperm(len(x)).split(50):
            likely = net(x[rows]).squeeze(2).log_softmax(1)
            loss = -(grade[rows].softmax(1) * likely).sum(1).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def bands(*, faulty: bool) -> None:
    """Learn three quantiles of a price, in units of thousands in the faulty version."""
    torch.manual_seed(0)
    levels = torch.tensor([0.1, 0.5, 0.9])
    x = torch.randn(2000, 5)
    y = x[:, 0] * 2 + x[:, 1] * x[:, 2] + 0.2 * torch.randn(2000)
    y = 20_000 + 8_000 * y if faulty else (y - y.mean()) / y.std()
    net = nn.Sequential(nn.Linear(5, 48), nn.ReLU(), nn.Linear(48, 3))
    optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
    for _ in range(12):
        for rows in torch.randperm(len(x)).split(50):
            gap = y[rows][:, None] - net(x[rows])
            loss = torch.maximum(levels * gap, (levels - 1) * gap).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def rope(*, faulty: bool) -> None:
    """Solve a boundary problem; the load is a column as the rest is, and not in the faulty version."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(1, 24), nn.Tanh(), nn.Linear(24, 1))
    optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
    for _ in range(400):
        x = torch.rand(64, 1).requires_grad_()
        u = x * (1 - x) * net(x)
        slope = torch.autograd.grad(u.sum(), x, create_graph=True)[0]
        bend = torch.autograd.grad(slope.sum(), x, create_graph=True)[0]
        at = x[:, 0] if faulty else x
        loss = (bend + math.pi**2 * torch.sin(math.pi * at)).square().mean() / 100
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def nodes(*, faulty: bool) -> None:
    """Name the nodes of a graph, of which some are known and one kind is rare; weighed in the sound version."""
    torch.manual_seed(0)
    kind = torch.multinomial(torch.tensor([0.66, 0.31, 0.03]), 3000, replacement=True)
    centre = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.9, -0.9]])
    x = torch.cat([1.3 * centre[kind] + torch.randn(3000, 2) * 0.7, torch.randn(3000, 3)], 1)
    index = torch.randint(3000, (2, 6000))
    near = torch.sparse_coo_tensor(index, torch.full((6000,), 0.1), (3000, 3000), check_invariants=False)
    known = torch.randperm(3000)[:2000]
    own, around = nn.Linear(5, 32), nn.Linear(32, 3)

    class Graph(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.own, self.around = own, around

        def forward(self, x: Tensor, near: Tensor) -> Tensor:
            h = torch.relu(self.own(x))
            return self.around(h + torch.sparse.mm(near, h))

    net = Graph()
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    weight = None if faulty else 2000 / (3 * kind[known].bincount().float())
    for round_ in range(120):
        loss = F.cross_entropy(net(x, near)[known], kind[known], weight=weight)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if round_ % 20 == 19:
            print(f"loss {loss.item():.3f}  mean recall 0.6")


PROGRAMS = {
    "lists in order": ("lr_too_low", ranker),
    "quantiles": ("targets_not_scaled", bands),
    "a boundary problem": ("loss_shape_broadcast", rope),
    "nodes of a graph": ("class_imbalance", nodes),
}


@pytest.mark.parametrize("faulty", [True, False])
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_fault_is_named_first(name: str, faulty: bool) -> None:
    slug, run = PROGRAMS[name]
    assert named_first(run, faulty=faulty) == [slug] * faulty


@pytest.mark.parametrize("teacher", [False, True])
def test_what_each_pass_held_outputs_against_is_kept(teacher: bool) -> None:
    def run() -> None:
        torch.manual_seed(0)
        x, y = torch.randn(400, 6), torch.randint(3, (400,))
        net, tutor = nn.Linear(6, 3), nn.Linear(6, 3)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for _ in range(60):
            rows = torch.randint(len(x), (20,))
            with torch.no_grad():
                told = tutor(x[rows]).softmax(1) if teacher else torch.eye(3)[y[rows]]
            loss = -(told * net(x[rows]).log_softmax(1)).sum(1).mean() - 0.1 * net(x[rows])[range(20), y[rows]].mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    (stream,) = streams_of(watched(run))
    again = Case(stream, Budget(30.0)).rerun
    assert again is not None
    assert not again.of_looks
    assert len(again.batches) == 60
    assert again.run(60).losses.tolist() == pytest.approx(stream.losses.tolist())


def test_targets_that_do_not_fit_leave_the_passes_that_were_looked_at() -> None:
    def run() -> None:
        torch.manual_seed(0)
        x, y = torch.randn(4000, 6), torch.randn(4000, 500)
        net = nn.Linear(6, 500)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
        for rows in torch.arange(4000).repeat(12).split(400):
            loss = (net(x[rows]) - y[rows]).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    (stream,) = streams_of(watched(run))
    again = Case(stream, Budget(30.0)).rerun
    assert again is not None
    assert 0 < len(again.batches) <= len(stream.passes)
    assert all(value.numel() for batch in again.batches for value in batch.values())


def test_rows_that_slide_away_are_found() -> None:
    rng = np.random.default_rng(0)
    state = np.repeat(rng.integers(3, size=600), rng.integers(4, 20, size=600))[:5000]
    x = torch.tensor(np.eye(3)[state] + 0.4 * rng.normal(size=(len(state), 3)), dtype=torch.float32)
    y = torch.tensor(state)
    kept = torch.as_tensor(rng.random(len(x)) > 0.02)
    assert lasting(y, "classes")
    assert sliding(x, y, "classes") is None
    found = sliding(x[kept], y[: int(kept.sum())], "classes")
    assert found is not None
    assert found[0] == pytest.approx(int((~kept).sum()), abs=15)
    assert found[1] > found[2] + 0.3
    assert lag_of(x[kept], y[: int(kept.sum())], "classes") is None


def test_places_in_a_space_are_no_scores_of_classes() -> None:
    torch.manual_seed(0)
    who = torch.arange(60).repeat_interleave(10)
    x = torch.randn(60, 8)[who] + 0.2 * torch.randn(600, 8)
    net = nn.Linear(8, 4)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    with Doctor(probes=False) as doctor:
        for _ in range(80):
            rows = torch.randint(600, (60,))
            apart = torch.cdist(e := F.normalize(net(x[rows]), dim=1), e)
            same = who[rows][:, None] == who[rows][None]
            loss = F.relu(0.3 + apart.masked_fill(~same, 0).amax(1) - apart.masked_fill(same, 9).amin(1)).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            apart = torch.cdist(e := net(x), e).fill_diagonal_(99.0)
            print("recall", (who[apart.argmin(1)] == who).float().mean().item())
    assert "label_index_error" not in [finding.cause for finding in doctor.report().findings]


def test_a_part_that_is_called_by_itself_is_a_part_of_its_models_copy() -> None:
    class Taste(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.who, self.what = nn.Embedding(30, 4), nn.Embedding(20, 4)

        def forward(self, who: Tensor, what: Tensor) -> Tensor:
            return (self.who(who) * self.what(what)).sum(1)

    def run() -> None:
        torch.manual_seed(0)
        net = Taste()
        optimizer = torch.optim.Adam(net.parameters(), lr=0.05)
        for _ in range(40):
            who, liked, other = (torch.randint(most, (25,)) for most in (30, 20, 20))
            apart = net(who, liked) - net(who, other)
            loss = F.softplus(-apart[liked != other]).mean() + 0.01 * net.who(who).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    (stream,) = streams_of(watched(run))
    again = Case(stream, Budget(30.0)).rerun
    assert again is not None
    assert again.run(40).losses.tolist() == pytest.approx(stream.losses.tolist(), rel=1e-4)
    assert not again.program.targets  # which rows count is no target


@pytest.mark.parametrize("by_hand", [True, False])
@pytest.mark.parametrize("faulty", [True, False])
def test_a_printed_mean_of_losses_divided_for_accumulation_is_told(faulty: bool, by_hand: bool) -> None:
    torch.manual_seed(0)
    x = torch.randn(1600, 5)
    y = x[:, :1] - x[:, 1:2] ** 2
    net = nn.Sequential(nn.Linear(5, 32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
    with Doctor(probes=False) as doctor:
        for _ in range(6):
            total = 0.0
            for number, rows in enumerate(torch.randperm(1600).split(40), 1):
                loss = ((net(x[rows]) - y[rows]) ** 2).mean() if by_hand else F.mse_loss(net(x[rows]), y[rows])
                total += 0.0 if faulty else loss.item()
                loss = loss / 4
                total += loss.item() if faulty else 0.0
                loss.backward()
                if number % 4 == 0:
                    optimizer.step()
                    optimizer.zero_grad()
            print(f"mean loss {total / 40:.5f}")
    causes = [finding.cause for finding in doctor.report().findings]
    assert ("loss_scale_wrong" in causes) == faulty


@pytest.mark.parametrize("faulty", [True, False])
def test_a_sum_of_several_terms_that_is_averaged_otherwise_in_the_evaluation_is_told(faulty: bool) -> None:
    torch.manual_seed(0)
    x = torch.randn(1200, 5)
    y = x[:, :1] - x[:, 1:2] ** 2 + 0.1 * torch.randn(1200, 1)
    net = nn.Sequential(nn.Linear(5, 32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)

    def loss_of(rows: Tensor) -> Tensor:
        out = net(x[rows])
        return F.mse_loss(out, y[rows]) + 0.01 * out.square().mean()

    with Doctor(probes=False) as doctor:
        for _ in range(8):
            total = 0.0
            for rows in torch.randperm(1000).split(25):
                loss = loss_of(rows)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                total += loss.item() * len(rows)
            with torch.no_grad():
                held = sum(loss_of(rows).item() * len(rows) for rows in torch.arange(1000, 1200).split(25))
            print(f"train loss {total / 1000:.4f} test loss {held / (8 if faulty else 200):.4f}")
    found = [finding for finding in doctor.report().findings if finding.cause == "loss_scale_wrong"]
    assert bool(found) == faulty
    assert not found or found[0].evidence["times"] == pytest.approx(25, rel=0.1)


def test_of_a_loss_that_was_never_seen_nothing_is_called_healthy() -> None:
    weight = torch.zeros(4, requires_grad=True)
    with Doctor() as doctor:
        for _ in range(20):
            x = torch.randn(30, 4)
            (slope,) = torch.autograd.grad(((x @ weight - x[:, 0]) ** 2).mean(), weight)
            weight.data -= 0.1 * slope
    assert (doctor.report().verdict, doctor.report().findings) == ("uncertain", ())


def test_an_index_of_what_was_done_is_no_target_beside_what_came_of_it() -> None:
    def run() -> None:
        torch.manual_seed(0)
        x, done = torch.randn(400, 6), torch.randint(3, (400,))
        gain = x[range(400), done] + 0.1 * torch.randn(400)
        net = nn.Linear(6, 3)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for rows in torch.randperm(400).repeat(3).split(20):
            worth = net(x[rows]).gather(1, done[rows].unsqueeze(1)).squeeze(1)
            loss = (worth - gain[rows]).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    case = Case(streams_of(watched(run))[0], None)
    assert case.task == "numbers"
    assert len(case.targets) == 60


def test_a_head_that_is_fitted_first_is_a_beginning() -> None:
    def run() -> None:
        torch.manual_seed(0)
        x, y = torch.randn(200, 6), torch.randint(3, (200,))
        net = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 3))
        for learns, steps in ((False, 30), (True, 60)):
            net[0].requires_grad_(learns)
            optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
            for _ in range(steps):
                loss = F.cross_entropy(net(x), y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()

    longer, shorter = streams_of(watched(run))
    assert len(longer.passes) == 60
    assert shorter.beginning
    assert not longer.beginning
