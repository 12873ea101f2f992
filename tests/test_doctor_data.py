"""The doctor's judges of data and of measurement: each names its fault in a small loop, and not in the sound one."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import sklearn.metrics
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from unstuck.doctor import Doctor
from unstuck.doctor.blame import line_of_value
from unstuck.doctor.case import Case
from unstuck.doctor.causes.reshaping import meant_for, scrambles
from unstuck.doctor.findings import Report
from unstuck.doctor.given import given_to
from unstuck.doctor.printed import Series, series_of
from unstuck.doctor.recording import Printed
from unstuck.doctor.scores import score_of
from unstuck.doctor.streams import streams_of
from unstuck.doctor.watch.install import watching
from unstuck.doctor.watch.sites import Site
from unstuck.doctor.watch.watcher import Watcher

Batches = Callable[[int], Iterator[tuple[Tensor, Tensor]]]


def blobs(samples: int, classes: int = 3, features: int = 6, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Return clouds around points, one a class, that nearly touch."""
    generator = torch.Generator().manual_seed(seed)
    centres = 1.6 * torch.randn(classes, features, generator=torch.Generator().manual_seed(1))
    y = torch.randint(classes, (samples,), generator=generator)
    return centres[y] + torch.randn(samples, features, generator=generator), y


def net(features: int = 6, outputs: int = 3, width: int = 32) -> nn.Module:
    """Return a network with one hidden layer, always the same."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(features, width), nn.ReLU(), nn.Linear(width, outputs))


def shuffled(x: Tensor, y: Tensor, size: int = 20, seed: int = 0) -> Batches:
    """Return what deals batches in another order in every epoch."""

    def deal(epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        generator = torch.Generator().manual_seed(100 * seed + epoch)
        for rows in torch.split(torch.randperm(len(x), generator=generator), size):
            yield x[rows], y[rows]

    return deal


def watch(
    model: nn.Module,
    batches: Batches,
    test: tuple[Tensor, Tensor] | None = None,
    epochs: int = 6,
    loss: Callable[[Tensor, Tensor], Tensor] | None = None,
    optimizer: torch.optim.Optimizer | None = None,
    report: Callable[[nn.Module, int], None] | None = None,
    probes: bool = True,
) -> Report:
    """Train under a doctor, comparing with the test set after every epoch."""
    optimizer = optimizer or torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    with Doctor(probes=probes) as doctor:
        for epoch in range(epochs):
            for x, y in batches(epoch):
                optimizer.zero_grad()
                out = model(x)
                value = loss(out, y) if loss is not None else F.cross_entropy(out, y)
                value.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
            with torch.no_grad():
                if test is not None:
                    out = model(test[0])
                    _ = (
                        (out.argmax(1) == test[1]).float().mean()
                        if out.shape[1:] != test[1].shape[1:]
                        else out - test[1]
                    )
                if report is not None:
                    report(model, epoch)
    return doctor.report()


def squares(out: Tensor, target: Tensor) -> Tensor:
    """Return the mean squared error, looked up when it is called: a name bound before the doctor came is not heard."""
    return F.mse_loss(out, target)


def causes(report: Report) -> list[str]:
    """Return what a report accuses a run of."""
    return [finding.cause for finding in report.findings]


TRAIN, TEST = blobs(400), blobs(200, seed=5)


def test_nothing_is_wrong_with_a_sound_run() -> None:
    assert causes(watch(net(), shuffled(*TRAIN), TEST)) == []


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_missing_value_is_named_with_the_step_that_it_spoils(value: float) -> None:
    x = TRAIN[0].clone()
    x[150, 2] = value
    first = watch(net(), shuffled(x, TRAIN[1]), TEST, probes=False).findings[0]
    assert first.cause == "nonfinite_input"
    assert first.evidence["inputs"] == 1


def test_targets_that_share_their_memory_with_an_array_come_from_the_line_that_made_them() -> None:
    rng = np.random.default_rng(0)
    table = rng.normal(size=(400, 6)).astype("float32")
    rent = (900 + 250 * table[:, 0] * table[:, 1]).astype("float32")
    with Doctor(probes=False) as doctor:
        x = torch.from_numpy(table)
        y = torch.from_numpy(rent)[:, None]
        model = net(outputs=1)
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
        for _ in range(4):
            for rows in torch.randperm(400).split(20):
                optimizer.zero_grad()
                F.mse_loss(model(x[rows]), y[rows]).backward()
                optimizer.step()
    first = doctor.report().findings[0]
    assert first.cause == "targets_not_scaled"
    assert first.where is not None
    assert first.where.source == "y = torch.from_numpy(rent)[:, None]"


def test_missing_values_that_the_loss_leaves_out_are_no_fault() -> None:
    x, y = TRAIN[0], TRAIN[0].sum(1, keepdim=True).clone()
    y[::7] = float("nan")

    def masked(out: Tensor, target: Tensor) -> Tensor:
        known = ~target.isnan()
        return F.mse_loss(out[known], target[known])

    assert "nonfinite_input" not in causes(watch(net(outputs=1), shuffled(x, y), loss=masked, probes=False))


def test_inputs_far_from_unit_scale_are_named_where_scaling_them_cures_the_run() -> None:
    scale = torch.tensor([1.0, 300.0, 1.0, 0.05, 1.0, 40.0])
    raw = TRAIN[0] * scale + 100 * scale, TEST[0] * scale + 100 * scale
    found = watch(net(), shuffled(raw[0], TRAIN[1]), (raw[1], TEST[1])).findings[0]
    assert found.cause == "inputs_not_normalised"
    assert found.confirmed


def test_inputs_far_from_unit_scale_that_are_learnt_all_the_same_are_no_fault() -> None:
    x, y = blobs(400, classes=2)
    far = 4 * (x + 3 * y[:, None])  # easy, whatever the scale
    found = watch(net(outputs=2), shuffled(far, y), (far, y), optimizer=None)
    assert "inputs_not_normalised" not in causes(found)


@pytest.mark.parametrize(("scale", "named"), [(3000.0, True), (1.0, False)])
def test_targets_far_from_unit_scale_are_named(scale: float, named: bool) -> None:
    def line(x: Tensor) -> Tensor:
        return scale * (torch.sin(x[:, :1]) + 0.5 * x[:, 1:2] + (2 if scale > 1 else 0))

    model = net(outputs=1)
    adam = torch.optim.Adam(model.parameters(), lr=5e-3)
    test = TEST[0], line(TEST[0])
    found = watch(model, shuffled(TRAIN[0], line(TRAIN[0])), test, loss=squares, optimizer=adam, epochs=10)
    assert ("targets_not_scaled" in causes(found)) is named


def test_a_rare_class_that_is_never_predicted_is_named_where_resampling_brings_it_back() -> None:
    x, y = blobs(900, seed=3)
    keep = (y != 2) | (torch.arange(900) % 30 == 0)
    model = net(width=8)
    slow = torch.optim.SGD(model.parameters(), lr=0.01)
    found = watch(model, shuffled(x[keep], y[keep]), TEST, optimizer=slow)
    assert "class_imbalance" in causes(found)
    assert "class_imbalance" not in causes(watch(net(width=8), shuffled(x, y), TEST))


def test_samples_in_the_order_of_their_labels_are_named() -> None:
    order = TRAIN[1].argsort(stable=True)
    x, y = TRAIN[0][order], TRAIN[1][order]

    def in_order(epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        return zip(torch.split(0.3 * x, 20), torch.split(y, 20), strict=True)

    model = net()
    plain = torch.optim.SGD(model.parameters(), lr=0.1)
    found = watch(model, in_order, (0.3 * TEST[0], TEST[1]), epochs=3, optimizer=plain).findings[0]
    assert (found.cause, found.confirmed) == ("no_shuffle", True)


def test_the_same_batch_over_and_over_is_named_and_small_data_is_not() -> None:
    loader = DataLoader(TensorDataset(*TRAIN), batch_size=20)

    def first(epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        for _ in range(20):
            yield next(iter(loader))

    found = watch(net(), first, TEST, probes=False).findings[0]
    assert found.cause == "repeated_batch"
    assert found.evidence["samples_seen"] == 20

    def whole(epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        yield from [TRAIN] * 20

    assert "repeated_batch" not in causes(watch(net(), whole, TEST, probes=False))


@pytest.mark.parametrize("again", [True, False])
def test_the_same_windows_of_a_sequence_over_and_over_are_named(again: bool) -> None:
    text = torch.randint(20, (6000,), generator=torch.Generator().manual_seed(0))
    model = nn.Sequential(nn.Embedding(20, 8), nn.GRU(8, 16, batch_first=True))
    head = nn.Linear(16, 20)
    optimizer = torch.optim.Adam([*model.parameters(), *head.parameters()], lr=0.01)
    with Doctor(probes=False) as doctor:
        for step in range(40):
            generator = torch.Generator().manual_seed(0 if again else step)
            starts = torch.randint(len(text) - 13, (16,), generator=generator).tolist()
            x = torch.stack([text[i : i + 12] for i in starts])
            y = torch.stack([text[i + 1 : i + 13] for i in starts])
            optimizer.zero_grad()
            F.cross_entropy(head(model(x)[0]).view(-1, 20), y.view(-1)).backward()
            optimizer.step()
    assert ("repeated_batch" in causes(doctor.report())) is again


def test_targets_taken_by_other_indices_than_inputs_are_named() -> None:
    x, y = TRAIN

    def apart(epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        rows = torch.randperm(len(x), generator=torch.Generator().manual_seed(epoch))
        return zip(torch.split(x[rows], 20), torch.split(y, 20), strict=True)

    assert causes(watch(net(), apart, TEST, probes=False))[0] == "labels_misaligned"


def test_targets_shuffled_once_are_named() -> None:
    y = TRAIN[1][torch.randperm(400, generator=torch.Generator().manual_seed(7))]
    assert causes(watch(net(width=128), shuffled(TRAIN[0], y), TEST, epochs=15))[0] == "labels_misaligned"


def test_a_stretch_of_shifted_labels_is_named_with_its_place() -> None:
    x, y = blobs(800, seed=2)
    shifted = torch.cat([y[:450], y[451:], y[:1]])
    found = watch(net(), shuffled(x, shifted), TEST).findings[0]
    assert found.cause == "labels_misaligned"
    assert found.evidence["begin"] == pytest.approx(450, abs=60)


def test_a_share_of_wrong_labels_is_estimated() -> None:
    x, y = blobs(800, seed=2)
    x = x + 1.5 * F.one_hot(y, 6)
    wrong = torch.rand(800, generator=torch.Generator().manual_seed(0)) < 0.25
    noisy = torch.where(wrong, (y + 1) % 3, y)
    found = next(f for f in watch(net(), shuffled(x, noisy), TEST).findings if f.cause == "label_noise")
    assert found.evidence["estimate"] == pytest.approx(0.25, abs=0.06)
    assert "label_noise" not in causes(watch(net(), shuffled(x, y), TEST))


def test_labels_that_fit_worse_than_those_of_an_evaluation_are_named() -> None:
    text = torch.randint(300, (3600, 16), generator=torch.Generator().manual_seed(0))
    topic = torch.arange(3600) % 6
    text[:, :5] = 50 * topic[:, None] + text[:, :5] % 50
    wrong = torch.rand(2700, generator=torch.Generator().manual_seed(1)) < 0.5
    noisy = torch.where(wrong, torch.randint(6, (2700,), generator=torch.Generator().manual_seed(2)), topic[:2700])

    def trained(y: Tensor) -> Report:
        torch.manual_seed(0)
        model = nn.Sequential(nn.EmbeddingBag(300, 16), nn.Linear(16, 6))
        adam = torch.optim.Adam(model.parameters(), lr=0.01)
        test = text[2700:], topic[2700:]
        return watch(model, shuffled(text[:2700], y), test, optimizer=adam, epochs=4)

    assert causes(trained(noisy))[0] == "label_noise"
    assert "label_noise" not in causes(trained(topic[:2700]))


@pytest.mark.parametrize("noisy", [False, True])
def test_labels_that_a_model_of_one_half_cannot_name_in_the_other_are_told(noisy: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(3600, 16, generator=generator)
    y = (x[:, 0] * x[:, 1] > 0).long()  # of which the probes on the samples know nothing
    wrong = torch.rand(3000, generator=generator) < (0.7 if noisy else 0.0)
    labels = torch.where(wrong, torch.randint(2, (3000,), generator=generator), y[:3000])
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 2))
    adam = torch.optim.Adam(model.parameters(), lr=0.005)
    report = watch(model, shuffled(x[:3000], labels, 40), (x[3000:], y[3000:]), epochs=15, optimizer=adam)
    assert ("label_noise" in causes(report)) == noisy


@pytest.mark.parametrize(
    "change", [lambda x: 3 * x + 4, lambda x: -x, lambda x: x[:, [1, 0, 2, 4, 5, 3]]], ids=["scale", "sign", "columns"]
)
def test_evaluation_inputs_in_another_form_are_named(change: Callable[[Tensor], Tensor]) -> None:
    offset = torch.arange(6.0)
    train = (TRAIN[0] * (1 + offset / 3) + offset) / 3
    test = (TEST[0] * (1 + offset / 3) + offset) / 3
    found = watch(net(), shuffled(train, TRAIN[1]), (change(test), TEST[1])).findings[0]
    assert (found.cause, found.confirmed) == ("train_test_preprocessing_mismatch", True)


@pytest.mark.parametrize("own", [False, True])
def test_an_evaluation_with_a_vocabulary_of_its_own_is_told(own: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    y = torch.randint(2, (1400,), generator=generator)
    text = torch.randint(60, (1400, 12), generator=generator)
    text[:, :5] = 30 * y[:, None] + text[:, :5] % 30
    index = torch.randperm(60, generator=generator) if own else torch.arange(60)
    test = index[text[1000:]], y[1000:]
    torch.manual_seed(0)
    model = nn.Sequential(nn.EmbeddingBag(60, 8), nn.Linear(8, 2))
    adam = torch.optim.Adam(model.parameters(), lr=0.02)
    report = watch(model, shuffled(text[:1000], y[:1000]), test, optimizer=adam, epochs=8)
    assert causes(report) == (["train_test_preprocessing_mismatch"] if own else [])


def test_what_a_model_has_only_learnt_by_heart_is_no_evaluation_in_other_terms() -> None:
    x, y = torch.randn(500, 40, generator=torch.Generator().manual_seed(0)), torch.arange(500) % 2
    y = torch.where(x[:, 0] > 1.5, 1, y)
    adam = torch.optim.Adam((model := net(40, 2, 64)).parameters(), lr=0.01)
    report = watch(model, shuffled(x[:300], y[:300]), (x[300:], y[300:]), optimizer=adam, epochs=20)
    assert "train_test_preprocessing_mismatch" not in causes(report)


def test_evaluation_samples_that_were_trained_on_are_counted() -> None:
    test = torch.cat([TEST[0][:100], TRAIN[0][:50]]), torch.cat([TEST[1][:100], TRAIN[1][:50]])
    found = watch(net(), shuffled(*TRAIN), test, probes=False).findings[0]
    assert found.cause == "train_test_leak"
    assert found.evidence["share"] == pytest.approx(1 / 3)


def test_an_empty_sample_that_is_drawn_again_and_again_is_no_leak() -> None:
    def drawn(seed: int, samples: int) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        on = torch.rand(samples, 6, generator=generator) < 0.25
        return on * torch.randn(samples, 6, generator=generator)

    x, test = drawn(0, 400), drawn(1, 200)
    assert int((test == 0).all(1).sum()) > 20
    found = watch(net(outputs=6), shuffled(x, x), (test, test), loss=squares, probes=False)
    assert "train_test_leak" not in causes(found)


def test_an_evaluation_of_the_training_set_beside_that_of_a_test_set_is_no_leak() -> None:
    x, y = torch.cat([TRAIN[0], TEST[0]]), torch.cat([TRAIN[1], TEST[1]])

    def both(model: nn.Module, epoch: int) -> None:
        for name, rows in (("train", slice(0, 400)), ("test", slice(400, None))):
            print(name, (model(x[rows]).argmax(1) == y[rows]).float().mean().item())

    assert causes(watch(net(), shuffled(*TRAIN), report=both, probes=False)) == []


def test_a_training_set_with_repeated_rows_evaluated_beside_a_test_set_is_no_leak() -> None:
    repeated = torch.arange(400).repeat(2)[:600]

    def both(model: nn.Module, epoch: int) -> None:
        for x, y in ((TRAIN[0][repeated], TRAIN[1][repeated]), TEST):
            _ = (model(x).argmax(1) == y).float().mean()

    assert causes(watch(net(), shuffled(TRAIN[0][repeated], TRAIN[1][repeated]), report=both, probes=False)) == []


def test_pairs_that_are_told_from_all_others_of_a_batch_are_sound() -> None:
    class Towers(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.left, self.right = nn.Linear(6, 8), nn.Linear(6, 8)

        def forward(self, x: Tensor) -> Tensor:
            return self.left(x) @ self.right(x + 0.1).T

    def places(out: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(out, torch.arange(len(out)))

    found = causes(watch(Towers(), shuffled(*TRAIN), loss=places, probes=False))
    assert "samples_mixed_in_batch" not in found
    assert "repeated_batch" not in found


def test_an_evaluation_before_the_training_went_on_is_judged_by_no_later_weights() -> None:
    model = net()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

    with Doctor() as doctor:
        for epoch in range(8):
            for x, y in shuffled(*TRAIN)(epoch):
                optimizer.zero_grad()
                F.cross_entropy(model(x), y).backward()
                optimizer.step()
            with torch.no_grad():
                _ = (model(TEST[0]).argmax(1) == TEST[1]).float().mean()
        for epoch in range(8):  # a second task, at lines of its own
            for x, y in shuffled(*TRAIN)(epoch):
                optimizer.zero_grad()
                F.cross_entropy(model(-x), y).backward()
                optimizer.step()
    assert "train_test_preprocessing_mismatch" not in causes(doctor.report())


def test_how_near_an_output_comes_says_nothing_of_capacity_where_the_loss_asks_for_a_direction() -> None:
    x, _ = TRAIN
    wanted = torch.stack([x[:, 0].sin(), x[:, 1].cos(), x[:, 2] * x[:, 3]], 1) * 3

    def angle(out: Tensor, target: Tensor) -> Tensor:
        return 1 - F.cosine_similarity(out, target, dim=-1).mean()

    narrow = nn.Sequential(nn.Linear(6, 3), nn.Tanh(), nn.Linear(3, 3))
    found = watch(narrow, shuffled(x, wanted), loss=angle, epochs=12)
    assert "under_capacity" not in causes(found)


class Distance(nn.Module):
    """How far apart the codes of two samples lie."""

    def __init__(self) -> None:
        super().__init__()
        self.code = net(outputs=4)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """Return a distance a pair."""
        return (self.code(a) - self.code(b)).square().sum(1)


def test_targets_of_pairs_are_not_held_against_the_first_of_each() -> None:
    other = torch.randperm(400, generator=torch.Generator().manual_seed(0))
    a, b, same = TRAIN[0], TRAIN[0][other], (TRAIN[1] == TRAIN[1][other]).float()
    torch.manual_seed(0)
    model = Distance()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    with Doctor() as doctor:
        for _ in range(20):
            for rows in torch.randperm(400).split(40):
                optimizer.zero_grad()
                F.binary_cross_entropy_with_logits(1 - model(a[rows], b[rows]), same[rows]).backward()
                optimizer.step()
    assert "labels_misaligned" not in causes(doctor.report())


def test_classes_may_be_the_second_axis_or_the_last() -> None:
    y = torch.tensor([[0, 1, 2], [2, 1, 1]])
    last, square = F.one_hot(y, 4).float(), F.one_hot(y, 3).float()  # of the second, either axis may be the classes'
    for outputs in (last, last.movedim(-1, 1), square, square.movedim(-1, 1)):
        score = score_of([outputs], [y])
        assert score is not None
        assert (score.kind, score.value, score.samples) == ("accuracy", 1.0, 6)
    assert score_of([last], [y[:, :2]]) is None


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ((32, 8, 8, 3), (32, 3, 8, 8), "permuted"),  # channels last, viewed as channels first
        ((32, 10, 24), (32, 4, 10, 6), "split"),  # heads before time
        ((2, 32, 16), (32, 32), "moved"),  # the layers' last states, layer by layer
        ((32, 3, 8, 8), (32, 192), None),
        ((32, 10, 24), (32, 10, 4, 6), None),
        ((32, 4, 6), (128, 6), None),
        ((32, 64), (32, 1, 8, 8), None),
    ],
)
def test_a_reshape_that_exchanges_axes_is_told_from_one_that_merges_or_splits(
    before: tuple[int, ...], after: tuple[int, ...], kind: str | None
) -> None:
    assert scrambles(before, after) == kind


def test_what_a_scrambling_reshape_was_meant_to_do() -> None:
    x = torch.randn(5, 8, 6, 3)
    meant = meant_for((5, 8, 6, 3), (5, 3, 8, 6))
    assert meant is not None
    assert torch.equal(meant(x), x.permute(0, 3, 1, 2))
    heads = torch.randn(5, 7, 12)
    meant = meant_for((5, 7, 12), (5, 4, 7, 3))
    assert meant is not None
    assert torch.equal(meant(heads), heads.view(5, 7, 4, 3).transpose(1, 2))


class Recurrent(nn.Module):
    """A recurrent layer over sequences, read at the last step."""

    def __init__(self, batch_first: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.rnn = nn.GRU(2, 16, batch_first=batch_first)
        self.head = nn.Linear(16, 2)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.rnn(x)[0][:, -1])
        return out


@pytest.mark.parametrize("batch_first", [False, True])
def test_a_layer_that_takes_the_batch_for_time_is_named(batch_first: bool) -> None:
    x = torch.randn(300, 7, 2, generator=torch.Generator().manual_seed(0))
    y = (x[:, :, 0].sum(1) > 0).long()
    found = watch(Recurrent(batch_first), shuffled(x[:240], y[:240]), (x[240:], y[240:]), epochs=3, probes=False)
    assert ("samples_mixed_in_batch" in causes(found)) is not batch_first


def test_batch_normalisation_does_not_count_as_mixing() -> None:
    model = nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 3))
    assert "samples_mixed_in_batch" not in causes(watch(model, shuffled(*TRAIN), TEST, epochs=3, probes=False))


@pytest.mark.parametrize(("size", "named"), [(3, True), (None, False)])
def test_an_accuracy_with_a_wrong_divisor_is_named(size: int | None, named: bool) -> None:
    def accuracy(model: nn.Module, epoch: int) -> None:
        right = total = 0
        for x, y in zip(torch.split(TEST[0], 64), torch.split(TEST[1], 64), strict=True):
            right += int((model(x).argmax(1) == y).sum())
            total += 64 if size else len(y)
        print(f"epoch {epoch}: test accuracy {right / total:.4f}")

    found = watch(net(), shuffled(*TRAIN), report=accuracy, probes=False)
    assert causes(found) == (["metric_wrong"] if named else [])
    if named:
        where = found.findings[0].where
        assert where is not None
        assert where.source.startswith("total += 64")


def test_outputs_and_targets_that_broadcast_in_the_evaluation_are_named() -> None:
    y, test = TRAIN[0].sum(1), TEST[0].sum(1)

    def error(model: nn.Module, epoch: int) -> None:
        print("test mse", float(((model(TEST[0]) - test) ** 2).mean()))

    found = watch(net(outputs=1), shuffled(TRAIN[0], y[:, None]), loss=squares, report=error,
                  optimizer=torch.optim.SGD(net(outputs=1).parameters(), lr=0.01))  # fmt: skip
    assert "metric_wrong" in causes(found)


@pytest.mark.parametrize("rounded", [True, False])
def test_logits_that_are_rounded_are_named(rounded: bool) -> None:
    x, y = blobs(400, classes=2)
    test, actual = blobs(200, classes=2, seed=5)

    def accuracy(model: nn.Module, epoch: int) -> None:
        out = model(test).squeeze(1)
        out = out if rounded else out.sigmoid()
        print(f"test accuracy {(out.round() == actual).float().mean():.4f}")

    found = watch(
        net(outputs=1),
        shuffled(x, y[:, None].float()),
        loss=lambda out, target: F.binary_cross_entropy_with_logits(out, target),
        report=accuracy,
        probes=False,
    )
    assert causes(found) == (["metric_wrong"] if rounded else [])


@pytest.mark.parametrize("rounded", [False, True])
def test_rounded_logits_of_several_labels_are_named(rounded: bool) -> None:
    (x, y), (test, actual) = blobs(400, classes=4), blobs(200, classes=4, seed=5)

    def accuracy(model: nn.Module, epoch: int) -> None:
        out = model(test)
        out = out if rounded else out.sigmoid()
        print(f"test accuracy {(out.round() == labels(actual)).float().mean():.4f}")

    def labels(kinds: Tensor) -> Tensor:
        return torch.stack([kinds > 0, kinds > 1, kinds % 2 == 0], 1).float()

    found = watch(
        net(outputs=3),
        shuffled(x, labels(y)),
        loss=lambda out, target: F.binary_cross_entropy_with_logits(out, target),
        report=accuracy,
        probes=False,
    )
    assert causes(found) == (["metric_wrong"] if rounded else [])


def test_two_evaluations_on_one_line_are_two() -> None:
    (x, y), test = blobs(200, classes=4, features=20), blobs(200, classes=4, features=20, seed=7)
    x, noise = x / 3, torch.randn(200, 20, generator=torch.Generator().manual_seed(3))

    def error(model: nn.Module, x: Tensor, y: Tensor) -> float:
        return F.cross_entropy(model(x), y).item()

    def report(model: nn.Module, epoch: int) -> None:
        print(
            f"train {error(model, x + noise, y):.4f} and other samples {error(model, test[0] / 3 + noise, test[1]):.4f}"
        )

    adam = torch.optim.Adam((model := net(20, 4, 64)).parameters(), lr=0.01)
    found = watch(model, shuffled(x + noise, y), report=report, optimizer=adam, epochs=25)
    assert causes(found) == ["overfitting"]  # the mean of both does not rise


def test_inputs_of_which_there_are_no_others_are_no_leak() -> None:
    generator = torch.Generator().manual_seed(0)
    x, y = torch.randint(5, (4300, 4), generator=generator).float() - 2, torch.rand(4300, generator=generator)
    y = (x[:, 0] + x[:, 1] * x[:, 2] + y > 0.5).long()
    assert "train_test_leak" not in causes(watch(net(4, 2), shuffled(x[:300], y[:300]), (x[300:], y[300:])))


@pytest.mark.parametrize("reset", [False, True])
def test_counts_that_are_never_set_back_are_named(reset: bool) -> None:
    right = total = 0

    def accuracy(model: nn.Module, epoch: int) -> None:
        nonlocal right, total
        if reset:
            right = total = 0
        right += int((model(TEST[0]).argmax(1) == TEST[1]).sum())
        total += len(TEST[1])
        print(f"test accuracy {right / total:.5f}")

    model = net()
    slow = torch.optim.SGD(model.parameters(), lr=0.005)
    found = watch(model, shuffled(*TRAIN), report=accuracy, optimizer=slow, epochs=8, probes=False)
    assert ("metric_wrong" in causes(found)) is not reset


@pytest.mark.parametrize(("name", "power"), [("mse", 2), ("mae", 1)])
@pytest.mark.parametrize("form", ["mean", "sum of means", "mean of sums"])
def test_an_error_that_is_divided_by_the_wrong_count_is_named(name: str, power: int, form: str) -> None:
    y, test = TRAIN[0].sum(1, keepdim=True), TEST[0].sum(1, keepdim=True)

    def error(model: nn.Module, epoch: int) -> None:
        parts = [(model(a) - b).abs() ** power for a, b in zip(TEST[0].split(30), test.split(30), strict=True)]
        means, sums = (float(sum(getattr(part, how)() for part in parts)) for how in ("mean", "sum"))
        value = {"mean": sums / len(test), "sum of means": means / len(test), "mean of sums": sums / len(parts)}[form]
        print(f"val {name} {value:.6f}")

    model = net(outputs=1)
    adam = torch.optim.Adam(model.parameters(), lr=1e-3)
    found = watch(model, shuffled(TRAIN[0], y), loss=squares, report=error, optimizer=adam, probes=False)
    assert ("metric_wrong" in causes(found)) == (form != "mean")


@pytest.mark.parametrize(("root", "named"), [(False, True), (True, False)])
def test_an_error_of_which_no_root_is_taken_is_named(root: bool, named: bool) -> None:
    y, test = TRAIN[0].sum(1, keepdim=True), TEST[0].sum(1, keepdim=True)

    def error(model: nn.Module, epoch: int) -> None:
        square = float((model(TEST[0]) - test).square().mean())
        print(f"val rmse {square**0.5 if root else square:.5f}")

    model = net(outputs=1)
    adam = torch.optim.Adam(model.parameters(), lr=1e-3)
    found = watch(model, shuffled(TRAIN[0], y), loss=squares, report=error, optimizer=adam, probes=False)
    assert ("metric_wrong" in causes(found)) is named


@pytest.mark.parametrize(
    "form", ["{right}", "{right}/{total}", "{right} of {total}", "{right} / {total} ({share:.1%})"]
)
def test_a_count_of_hits_is_no_share(form: str) -> None:
    def accuracy(model: nn.Module, epoch: int) -> None:
        parts = zip(torch.split(TEST[0], 100), torch.split(TEST[1], 100), strict=True)  # a hundred of them: percent
        right, total = sum(int((model(x).argmax(1) == y).sum()) for x, y in parts), len(TEST[1])
        print("test accuracy " + form.format(right=right, total=total, share=right / total))

    assert causes(watch(net(), shuffled(*TRAIN), report=accuracy, probes=False)) == []


def test_what_a_first_model_prepares_for_a_second_is_not_counted() -> None:
    torch.manual_seed(0)
    encoder, head = nn.Sequential(nn.Linear(6, 16), nn.ReLU()), nn.Linear(16, 3)
    optimizer = torch.optim.Adam([*encoder.parameters(), *head.parameters()], lr=0.01)
    with Doctor(probes=False) as doctor:
        for epoch in range(6):
            for x, y in shuffled(*TRAIN)(epoch):
                optimizer.zero_grad()
                F.cross_entropy(head(encoder(x)), y).backward()
                optimizer.step()
            with torch.no_grad():
                print(f"test accuracy {(head(encoder(TEST[0])).argmax(1) == TEST[1]).float().mean():.4f}")
    assert causes(doctor.report()) == []


@pytest.mark.parametrize("swapped", [True, False])
def test_a_metric_that_takes_predictions_for_targets_is_named(swapped: bool) -> None:
    x, y = blobs(300, classes=2, seed=8)
    noise = torch.randn(300, 6, generator=torch.Generator().manual_seed(0))
    x = 0.3 * x + noise

    def precision(model: nn.Module, epoch: int) -> None:
        guess = model(x[200:]).argmax(1)
        pair = (guess, y[200:]) if swapped else (y[200:], guess)
        print("precision", sklearn.metrics.precision_score(*pair))

    found = watch(net(outputs=2), shuffled(x[:200], y[:200]), report=precision, epochs=3, probes=False)
    assert ("metric_wrong" in causes(found)) is swapped


@pytest.mark.parametrize("label", ["test loss", "test"])
@pytest.mark.parametrize("wrong", [False, True])
def test_means_of_batches_divided_by_the_number_of_samples_are_named(wrong: bool, label: str) -> None:
    def loss(model: nn.Module, epoch: int) -> None:
        parts = list(zip(torch.split(TEST[0], 50), torch.split(TEST[1], 50), strict=True))
        total = sum(F.cross_entropy(model(x), y).item() for x, y in parts)
        print(f"{label} {total / (len(TEST[0]) if wrong else len(parts)):.5f}")

    found = watch(net(), shuffled(*TRAIN), report=loss, probes=False)
    assert causes(found) == (["loss_scale_wrong"] if wrong else [])


def test_a_mean_that_is_divided_by_the_batch_size_once_more_is_named() -> None:
    found = watch(net(), shuffled(*TRAIN), TEST, loss=lambda out, y: F.cross_entropy(out, y) / 20)
    assert "loss_scale_wrong" in causes(found)


def test_terms_of_which_one_is_summed_and_one_averaged_are_named() -> None:
    x = TRAIN[0]

    def apart(out: Tensor, target: Tensor) -> Tensor:
        return F.mse_loss(out, target) + (out**4).sum()

    model = net(outputs=6)
    slow = torch.optim.Adam(model.parameters(), lr=1e-3)
    assert "loss_scale_wrong" in causes(watch(model, shuffled(x, x), loss=apart, optimizer=slow))


def test_printed_numbers_are_read_with_their_words_and_digits() -> None:
    lines = [Printed(step, f"Epoch {step}: train loss 0.31 | val acc: 9{step}.5%", None) for step in (1, 2)]
    found = {series.label: series for series in series_of(lines)}
    assert found["val acc"].kind == "accuracy"
    assert found["val acc"].split == "test"
    assert [reading.percent for reading in found["val acc"].readings] == [True, True]
    assert found["train loss"].readings[0].half == pytest.approx(0.005)


def test_the_same_words_several_times_in_a_line_are_told_apart() -> None:
    line = "{0} train loss 0.{0} acc 0.5{0} valid loss 0.{0}1 acc 0.7{0}, best 0.9"
    found = {
        (series.label, series.place): series for series in series_of(Printed(n, line.format(n), None) for n in (1, 2))
    }
    assert {key: series.split for key, series in found.items() if series.kind == "accuracy"} == {
        ("acc", 0): "train",
        ("acc", 1): "test",
    }
    assert [reading.value for reading in found["acc", 1].readings] == [0.71, 0.72]
    once = series_of([Printed(1, "train loss 0.5, acc 0.9", None)])
    assert [series.split for series in once if series.label == "acc"] == [""]  # of which of them, is not said


def test_of_the_same_words_in_a_line_the_second_has_its_own_number(tmp_path: Path) -> None:
    file = tmp_path / "script.py"
    file.write_text("a = 1 / 2\nb = 3 / 4\nprint(f'train acc {a:.2f} valid acc {b:.2f}')\nprint(f'acc {a} acc {b}')\n")
    both = [Series("acc", "accuracy", "", Site(str(file), 4), (), place) for place in (0, 1)]
    assert [line_of_value(series, "acc") for series in both] == [Site(str(file), 1), Site(str(file), 2)]


@pytest.mark.parametrize(
    ("lines", "wrong"),
    [
        (("right, seen = 3, 0", "for part in (4, 5):", "    seen += part", "acc = right / seen"), 3),
        (("acc = 0", "for part in (4, 5):", "    acc += part", "acc /= 9"), 4),
        (("meter = Meter()", "meter.update(1, 2)", "meter.update(3, 4)", "acc = meter.avg"), 3),
    ],
)
def test_the_line_of_a_printed_quotient_is_where_it_is_divided_or_its_divisor_counted(
    lines: tuple[str, ...], wrong: int, tmp_path: Path
) -> None:
    file = tmp_path / "script.py"
    file.write_text("\n".join((*lines, "print(f'acc {acc:.2f}')")))
    series = Series("acc", "accuracy", "", Site(str(file), 5), ())
    assert line_of_value(series, "acc") == Site(str(file), wrong)


def test_a_list_that_is_sorted_before_it_is_compared_has_no_rows_of_its_own() -> None:
    generator = torch.Generator().manual_seed(0)
    x, event = torch.randn(200, 6, generator=generator), (torch.rand(200, generator=generator) < 0.4).float()

    def likelihood(out: Tensor, target: Tensor) -> Tensor:
        order = target[:, 0].argsort(descending=True)
        score, event = out[order, 0], target[order, 1]
        return -((score - score.logcumsumexp(0)) * event).sum() / event.sum()

    batches = shuffled(x, torch.stack([x[:, 0].exp(), event], 1), 40)
    report = watch(net(outputs=1), batches, loss=likelihood, epochs=12, probes=False)
    assert causes(report) == []


@pytest.mark.parametrize("scored", [True, False])
def test_samples_that_are_only_looked_at_are_no_evaluation_that_leaks(scored: bool) -> None:
    x, y = blobs(240)
    test = blobs(60, seed=5)

    def gallery(model: nn.Module, _: int) -> None:
        for part in (x[:120], test[0]):
            model(part).norm()

    report = watch(net(), shuffled(x, y), test if scored else None, report=gallery, probes=False)
    assert "train_test_leak" not in causes(report)


def test_thresholds_between_ranks_are_one_less_than_the_ranks() -> None:
    x, _ = blobs(240)
    first = x[:, 0].clone()
    rank = torch.bucketize(first, first.quantile(torch.tensor([0.25, 0.5, 0.75])))
    model = net()

    def passed(out: Tensor, y: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(out, (y[:, None] > torch.arange(3)).float())

    def exact(model: nn.Module, _: int) -> None:
        ((model(x) > 0).sum(1) == rank).float().mean()

    assert "label_index_error" not in causes(watch(model, shuffled(x, rank), loss=passed, report=exact, probes=False))


def test_what_fills_sequences_up_counts_neither_in_a_score_nor_in_a_printed_accuracy() -> None:
    generator = torch.Generator().manual_seed(0)
    tokens = torch.randint(1, 6, (200, 9), generator=generator)
    tokens[torch.arange(9) > torch.randint(3, 9, (200, 1), generator=generator)] = 0
    outputs = F.one_hot(tokens, 6).float()
    outputs[tokens == 0] = -outputs[tokens == 0]
    assert score_of([outputs], [tokens], ignored=0).value == 1  # type: ignore[union-attr]
    torch.manual_seed(0)
    model = nn.Sequential(nn.Embedding(6, 16), nn.Linear(16, 6))

    def flat(out: Tensor, y: Tensor) -> Tensor:
        return F.cross_entropy(out.flatten(0, 1), y.flatten(), ignore_index=0)

    def report(model: nn.Module, epoch: int) -> None:
        guess, known = model(tokens).argmax(2), tokens > 0
        print(f"epoch {epoch} acc {((guess == tokens) & known).sum().item() / known.sum().item():.4f}")

    assert "metric_wrong" not in causes(watch(model, shuffled(tokens, tokens), loss=flat, report=report, probes=False))


class Attending(nn.Module):
    """Tells whether a token occurs in a sequence, by attention with two heads that are merged at the end."""

    def __init__(self, merge: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.embedding, self.mix, self.head = nn.Embedding(9, 12), nn.Linear(12, 36), nn.Linear(12, 2)
        self.merge = merge

    def forward(self, tokens: Tensor) -> Tensor:
        batch, time = tokens.shape
        query, key, value = self.mix(self.embedding(tokens)).view(batch, time, 3, 2, 6).permute(2, 0, 3, 1, 4)
        attended = (query @ key.transpose(2, 3) / 6**0.5).softmax(3) @ value
        out: Tensor = self.head(self.merge(attended).reshape(batch, time, 12).mean(1))
        return out


@pytest.mark.parametrize(("merge", "named"), [(lambda x: x, True), (lambda x: x.transpose(1, 2), False)])
def test_heads_that_are_merged_behind_time_are_named_even_where_it_does_little_harm(
    merge: Callable[[Tensor], Tensor], named: bool
) -> None:
    tokens = torch.randint(9, (200, 7), generator=torch.Generator().manual_seed(0))
    y = (tokens == 3).any(1).long()
    report = watch(Attending(merge), shuffled(tokens, y), epochs=3, probes=False)
    assert ("reshape_scrambles_data" in causes(report)) == named


@pytest.mark.parametrize(("moved", "named"), [(0, False), (12, True), (-12, False)])
def test_labels_of_earlier_rows_of_a_series_are_named(moved: int, named: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    state = torch.randint(3, (60,), generator=generator).repeat_interleave(20)
    x = 2.0 * F.one_hot(state, 3) + 0.5 * torch.randn(1200, 3, generator=generator)
    batches = shuffled(x[20:-20], state[20 - moved : 1180 - moved], 40)
    report = watch(net(3), batches, probes=False)
    assert ("labels_misaligned" in causes(report)) == named  # labels of later rows may be what is to be foreseen


@pytest.mark.parametrize("moved", [False, True])
def test_labels_that_lag_behind_more_and_more_are_told_by_what_the_model_makes_of_the_inputs(moved: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    state = torch.randint(3, (80,), generator=generator).repeat_interleave(30)
    sign = torch.randint(2, (2400, 3), generator=generator) * 2 - 1.0  # of which a linear function knows nothing
    x = 2.0 * sign * F.one_hot(state, 3) + 0.4 * torch.randn(2400, 3, generator=generator)
    kept = torch.rand(2400, generator=generator) > 0.015
    labels = state[: int(kept.sum())] if moved else state[kept]
    report = watch(net(3), shuffled(x[kept], labels, 40), epochs=12)
    assert ("labels_misaligned" in causes(report)) == moved


def test_a_part_of_a_class_that_is_compared_is_no_target() -> None:
    x, y = blobs(240, classes=6)
    test = blobs(80, classes=6, seed=7)

    def rows(model: nn.Module, _: int) -> None:
        out = model(test[0])
        F.cross_entropy(out, test[1])
        (out.argmax(1) // 3 == test[1] // 3).float().mean()

    assert causes(watch(net(outputs=6), shuffled(x, y), epochs=12, report=rows)) == []


def test_classes_that_share_an_index_are_told_by_their_usual_count() -> None:
    generator = torch.Generator().manual_seed(0)
    row, column = torch.randint(3, (600,), generator=generator), torch.randint(4, (600,), generator=generator)
    x = torch.cat([F.one_hot(row, 3), F.one_hot(column, 4)], 1) + 0.2 * torch.randn(600, 7, generator=generator)
    assert "label_index_error" in causes(watch(net(7, 12), shuffled(x, 3 * row + column), probes=False))
    assert "label_index_error" not in causes(watch(net(7, 12), shuffled(x, 4 * row + column), probes=False))


@pytest.mark.parametrize("again", [True, False])
def test_a_batch_that_is_made_anew_and_always_the_same_is_named(again: bool) -> None:
    test = blobs(300, seed=9)

    def made(epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        for step in range(10):
            yield blobs(40, seed=0 if again else 100 * epoch + step)

    assert ("repeated_batch" in causes(watch(net(), made, test, probes=False))) == again


def test_an_evaluation_in_other_units_is_scored_in_those_of_the_model() -> None:
    x = torch.randn(240, 3, generator=torch.Generator().manual_seed(0))
    y = 2 * x[:, :1] - x[:, 1:2]
    model = net(3, 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    watcher = Watcher()
    with watching(watcher):
        for _ in range(40):
            optimizer.zero_grad()
            F.mse_loss(model(x), y).backward()
            optimizer.step()
        with torch.no_grad():
            ((model(x) * 30 + 400).squeeze(1) - (30 * y + 400).squeeze(1)).abs().mean()
    (evaluated,) = Case(streams_of(watcher.seen)[0], None).evaluation_sets
    assert evaluated.y is not None
    assert torch.allclose(evaluated.y, y.squeeze(1), atol=1e-4)


@pytest.mark.parametrize("itself", [True, False])
def test_samples_that_are_scaled_by_their_own_statistics_are_named(itself: bool) -> None:
    x, y = blobs(240)
    other = 0.4 * blobs(90, seed=3)[0] + 1
    mean, std = x.mean(0), x.std(0)
    by = (other.mean(0), other.std(0)) if itself else (mean, std)

    def look(model: nn.Module, _: int) -> None:
        model((other - by[0]) / by[1]).numpy()

    report = watch(net(), shuffled((x - mean) / std, y), report=look, probes=False)
    said = [finding.summary for finding in report.findings if finding.cause == "train_test_preprocessing_mismatch"]
    assert any("by their own statistics" in one for one in said) == itself


def test_the_outputs_of_a_divergence_are_logarithms() -> None:
    share = torch.randn(50, 4, generator=torch.Generator().manual_seed(0)).softmax(1)
    assert score_of([share.log()], [share], link=torch.exp).value == pytest.approx(1)  # type: ignore[union-attr]


def test_a_model_that_is_asked_after_its_training_is_judged_by_its_mode() -> None:
    x, y = blobs(240)
    for mode in (True, False):
        model = nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 3))
        with Doctor(probes=False) as doctor:
            optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
            for epoch in range(3):
                for a, b in shuffled(x, y)(epoch):
                    optimizer.zero_grad()
                    F.cross_entropy(model(a), b).backward()
                    optimizer.step()
            model.requires_grad_(False).train(mode)
            for part in blobs(60, seed=4)[0].split(20):
                (model(part).argmax(1) == 1).sum()
        assert ("wrong_train_eval_mode" in causes(doctor.report())) == mode


def test_a_case_is_forgotten_when_nobody_needs_it() -> None:
    x, y = blobs(120)
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    watcher = Watcher()
    with watching(watcher):
        for a, b in shuffled(x, y)(0):
            optimizer.zero_grad()
            F.cross_entropy(model(a), b).backward()
            optimizer.step()
    case = Case(streams_of(watcher.seen)[0], None)
    assert given_to(case).rowwise
    gone = weakref.ref(case)
    del case
    gc.collect()
    assert gone() is None


def test_a_batch_that_is_learnt_by_heart_as_a_check_is_no_fault() -> None:
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with Doctor(probes=False) as doctor:
        for _ in range(40):
            optimizer.zero_grad()
            F.cross_entropy(model(TRAIN[0][:20]), TRAIN[1][:20]).backward()
            optimizer.step()
        model = net()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for epoch in range(6):
            for some, labels in shuffled(*TRAIN)(epoch):
                optimizer.zero_grad()
                F.cross_entropy(model(some), labels).backward()
                optimizer.step()
    assert "repeated_batch" not in causes(doctor.report())


def test_few_labelled_samples_beside_new_ones_without_labels_are_no_repeated_batch() -> None:
    model, data = net(), TensorDataset(*TRAIN)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with Doctor(probes=False) as doctor:
        for step in range(60):
            x, y = next(iter(DataLoader(data, batch_size=20)))
            others = TRAIN[0][torch.randperm(400, generator=torch.Generator().manual_seed(step))[:20]]
            known, more = model(x), model(others).softmax(1)
            optimizer.zero_grad()
            (F.cross_entropy(known, y) - 0.01 * (more * more.log()).sum(1).mean()).backward()
            optimizer.step()
    assert "repeated_batch" not in causes(doctor.report())


def test_the_loss_of_an_evaluation_in_the_model_itself_belongs_to_no_pass() -> None:
    class Scored(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = net()

        def forward(self, x: Tensor, y: Tensor) -> Tensor:
            return F.cross_entropy(self.body(x), y)

    model = Scored()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    watcher = Watcher()
    with watching(watcher):
        for epoch in range(4):
            for x, y in shuffled(*TRAIN)(epoch):
                optimizer.zero_grad()
                model(x, y).backward()
                optimizer.step()
            with torch.no_grad():
                model(*TEST)
    assert {len(call.target) for done in watcher.seen.passes for call in done.loss_calls} == {20}


def test_a_rare_class_is_no_fault_where_the_script_judges_by_ranking() -> None:
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(1500, 4, generator=generator)
    y = (torch.rand(1500, generator=generator) < torch.sigmoid(2 * x[:, 0] - 3.5)).long()
    train, test = (x[:1000], y[:1000]), (x[1000:], y[1000:])
    assert 0.03 < float(y.float().mean()) < 0.12

    def ranked(model: nn.Module, epoch: int) -> None:
        sklearn.metrics.average_precision_score(test[1], model(test[0]).softmax(1)[:, 1])

    found = watch(net(4, 2, 8), shuffled(*train), report=ranked)
    assert "class_imbalance" not in causes(found)


def spectra(count: int, *, alone: bool) -> tuple[Tensor, Tensor]:
    """Return curves of three kinds, each moved and stretched, and brought to one scale by itself or all together."""
    kind = torch.randint(3, (count,))
    curves = torch.zeros(count, 30)
    curves[torch.arange(count), 5 + 8 * kind] = 3.0
    curves = 3 * torch.randn(count, 1) + (0.6 * torch.randn(count, 1)).exp() * (curves + 0.3 * torch.randn(count, 30))
    mean, std = (curves.mean(1, keepdim=True), curves.std(1, keepdim=True)) if alone else (curves.mean(), curves.std())
    return (curves - mean) / std, kind


@pytest.mark.parametrize("alone", [True, False])
def test_samples_may_be_scaled_each_by_itself_in_training_alone(alone: bool) -> None:
    def run() -> None:
        torch.manual_seed(0)
        (x, y), (x_test, y_test) = spectra(800, alone=True), spectra(300, alone=alone)
        net = nn.Sequential(nn.Linear(30, 32), nn.ReLU(), nn.Linear(32, 3))
        optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
        for _ in range(12):
            for rows in torch.randperm(len(x)).split(40):
                loss = F.cross_entropy(net(x[rows]), y[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            with torch.no_grad():
                print("accuracy", (net(x_test).argmax(1) == y_test).float().mean().item())

    with Doctor() as doctor:
        run()
    expected = [] if alone else ["train_test_preprocessing_mismatch"]
    assert [finding.cause for finding in doctor.report().findings][:1] == expected


@pytest.mark.parametrize("share", [0.0, 0.4])
def test_wrong_labels_are_found_of_samples_with_several_inputs(share: float) -> None:
    class Card(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table, self.body = nn.Embedding(12, 6), nn.Sequential(nn.Linear(14, 32), nn.ReLU(), nn.Linear(32, 4))

        def forward(self, marks: Tensor, sizes: Tensor) -> Tensor:
            return self.body(torch.cat([self.table(marks).flatten(1), sizes], 1))

    def run() -> None:
        torch.manual_seed(0)
        kind = torch.randint(4, (2000,))
        sizes = torch.tensor([[2.0, 0], [0, 2], [-2, 0], [0, -2]])[kind] + 0.8 * torch.randn(2000, 2)
        marks = torch.stack([3 * kind + torch.randint(3, (2000,)), torch.randint(12, (2000,))], 1)
        named = torch.where(torch.rand(2000) < share, torch.randint(4, (2000,)), kind)
        net = Card()
        optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
        for _ in range(12):
            for rows in torch.randperm(1600).split(40):
                loss = F.cross_entropy(net(marks[rows], sizes[rows]), named[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            with torch.no_grad():
                print("accuracy", (net(marks[1600:], sizes[1600:]).argmax(1) == named[1600:]).float().mean().item())

    with Doctor() as doctor:
        run()
    assert [finding.cause for finding in doctor.report().findings][:1] == ["label_noise"] * bool(share)


def test_classes_that_several_others_share_are_found() -> None:
    torch.manual_seed(0)
    maker = torch.arange(12).repeat(60)
    x = torch.randn(12, 8)[maker] + 0.3 * torch.randn(len(maker), 8)
    y = torch.tensor([int(f"{m + 1}"[0]) - 1 for m in maker.tolist()])  # of 1, 10, 11 and 12 the first digit is one
    net = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 12))
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    with Doctor(probes=False) as doctor:
        for _ in range(10):
            for rows in torch.randperm(len(x)).split(40):
                loss = F.cross_entropy(net(x[rows]), y[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
    assert [finding.cause for finding in doctor.report().findings][:1] == ["label_index_error"]
