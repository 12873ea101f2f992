"""The watch: it sees an ordinary loop, changes no bit of it, and leaves PyTorch as it was."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import sklearn.metrics
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset
from watched import watched

from unstuck.doctor import Doctor
from unstuck.doctor.case import Budget, Case
from unstuck.doctor.rerun import Change
from unstuck.doctor.sources import line_of_setting, line_with
from unstuck.doctor.streams import streams_of
from unstuck.doctor.watch.install import watching
from unstuck.doctor.watch.losses import LOSSES
from unstuck.doctor.watch.patches import Patches
from unstuck.doctor.watch.sites import Site
from unstuck.doctor.watch.watcher import EnoughError, Watcher


def data(samples: int = 120) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(samples, 6, generator=generator)
    return x, (x[:, 0] + x[:, 1] > 0).long() + (x[:, 2] > 0).long()


def network() -> nn.Sequential:
    return nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(inplace=True), nn.Dropout(0.2), nn.Linear(16, 3))


def train(epochs: int = 4) -> tuple[list[float], nn.Module, Tensor]:
    """Train as a stranger would; return the losses, the model and a random number drawn at the end."""
    torch.manual_seed(0)
    x, y = data()
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2)
    loader = DataLoader(TensorDataset(x[:90], y[:90]), batch_size=16, shuffle=True)
    losses = []
    for _ in range(epochs):
        model.train()
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(xb), yb)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            losses.append(loss.item())
        scheduler.step()
        model.eval()
        with torch.no_grad():
            losses.append((model(x[90:]).argmax(1) == y[90:]).float().mean().item())
    return losses, model, torch.rand(3)


def test_a_schedule_is_stepped_where_the_script_does_it() -> None:
    watcher = Watcher()
    with watching(watcher):
        train(epochs=4)
    assert watcher.seen.counts["schedule"] == 4  # not the step that it takes while it is made
    assert watcher.seen.sites["schedule"] != watcher.seen.made_at(watcher.seen.schedulers[0])


def test_the_line_at_which_numpy_warns_of_what_is_no_number_is_noted() -> None:
    watcher = Watcher()
    with pytest.warns(RuntimeWarning, match="divide by zero"), watching(watcher):
        np.log(np.zeros(2))
    assert watcher.seen.sites["not a number"].file == __file__


def test_watching_changes_no_bit() -> None:
    plain, model, drawn = train()
    watcher = Watcher()
    with watching(watcher):
        losses, twin, after = train()
    assert losses == plain
    assert torch.equal(drawn, after)
    for (name, mine), (_, theirs) in zip(model.state_dict().items(), twin.state_dict().items(), strict=True):
        assert torch.equal(mine, theirs), name
    assert all(torch.equal(p.grad, q.grad) for p, q in zip(model.parameters(), twin.parameters(), strict=True))
    assert [m.training for m in model.modules()] == [m.training for m in twin.modules()]
    assert [len(m._forward_hooks) + len(m._forward_pre_hooks) for m in twin.modules()] == [0] * 6


def test_a_report_changes_nothing_either() -> None:
    with Doctor() as doctor:
        _, model, _ = train()
    before = copy.deepcopy(model.state_dict())
    torch.manual_seed(5)
    doctor.report()
    drawn = torch.rand(2)
    torch.manual_seed(5)
    assert torch.equal(drawn, torch.rand(2))
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert not model.training


def test_pytorch_is_left_as_it_was() -> None:
    owners = [
        (F, name) for name in LOSSES
    ] + [(nn.Module, "__call__"), (nn.Module, "__init__"), (Tensor, "backward"), (torch.autograd, "backward"),
         (nn.utils, "clip_grad_norm_"), (torch.optim.Optimizer, "zero_grad"), (DataLoader, "__init__")]  # fmt: skip
    before = [vars(owner).get(name, getattr(owner, name)) for owner, name in owners]
    modes = torch.overrides._get_current_function_mode_stack()  # type: ignore[no-untyped-call]
    watcher = Watcher()

    def interrupted() -> None:
        with watching(watcher):
            assert vars(F)["cross_entropy"] is not before[0]
            raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        interrupted()
    assert [vars(owner).get(name, getattr(owner, name)) for owner, name in owners] == before
    assert torch.overrides._get_current_function_mode_stack() == modes  # type: ignore[no-untyped-call]


def test_an_inherited_attribute_is_removed_again() -> None:
    class Base:
        def greet(self) -> str:
            return "base"

    class Child(Base):
        pass

    with Patches() as patches:
        patches.wrap(Child, "greet", lambda original: lambda self: original(self) + "!")
        assert Child().greet() == "base!"
        assert Base().greet() == "base"
    assert "greet" not in vars(Child)


def test_passes_steps_and_evaluations_are_told_apart() -> None:
    seen = watched(train)
    (stream,) = streams_of(seen)
    assert (len(stream.passes), stream.steps, seen.steps) == (24, 24, 24)
    assert stream.passes_a_step == 1
    assert [call.training for call in stream.evaluations] == [False] * 4
    assert all(call.target is not None and len(call.target) == 30 for call in stream.evaluations)
    assert seen.counts["zero_grad"] == seen.counts["clip"] == 24
    assert stream.rates[0] == pytest.approx(0.1)
    assert stream.rates[-1] == pytest.approx(0.01)


def test_losses_are_those_of_the_script() -> None:
    losses, _, _ = train()
    (stream,) = streams_of(watched(train))
    printed = [value for number, value in enumerate(losses) if number % 7 != 6]
    assert stream.losses.tolist() == pytest.approx(printed)


def test_evaluations_are_scored_as_the_script_scores_them() -> None:
    losses, _, _ = train()
    (stream,) = streams_of(watched(train))
    (evaluated,) = Case(stream, None).evaluation_sets
    assert [score.value for score in evaluated.scores.values()] == pytest.approx(losses[6::7])


def test_accumulated_passes_belong_to_one_step() -> None:
    def accumulate() -> None:
        x, y = data()
        model = network()
        optimizer = torch.optim.Adam(model.parameters())
        for step in range(6):
            optimizer.zero_grad()
            for part in range(4):
                rows = slice(part * 30, part * 30 + 30)
                (F.cross_entropy(model(x[rows]), y[rows]) / 4).backward()
            optimizer.step()
            del step

    (stream,) = streams_of(watched(accumulate))
    assert (len(stream.passes), stream.steps, stream.passes_a_step) == (24, 6, 4)
    assert not Case(stream, None).accumulates


def test_two_models_in_turn_are_two_streams() -> None:
    def adversaries() -> None:
        generator, critic = nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
        one = torch.optim.Adam(generator.parameters())
        two = torch.optim.Adam(critic.parameters())
        for _ in range(10):
            two.zero_grad()
            fake = generator(torch.randn(16, 2)).detach()
            loss = F.softplus(critic(fake)).mean() + F.softplus(-critic(torch.randn(16, 2) + 3)).mean()
            loss.backward()
            two.step()
            one.zero_grad()
            F.softplus(-critic(generator(torch.randn(16, 2)))).mean().backward()
            one.step()

    streams = streams_of(watched(adversaries))
    assert len(streams) == 2
    assert all(stream.interleaved for stream in streams)


@pytest.mark.parametrize("closure", [False, True], ids=["plain", "by a closure"])
def test_a_rerun_without_a_change_is_the_run(closure: bool) -> None:
    def run() -> None:
        torch.manual_seed(0)
        x, y = data()
        model = nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 3))
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
        scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
        for k in range(30):
            rows = torch.randperm(120)[:40]

            def loss_of(rows: Tensor = rows) -> Tensor:
                optimizer.zero_grad()
                loss = F.cross_entropy(model(x[rows]), y[rows])
                loss.backward()
                return loss

            if closure:
                optimizer.step(lambda of=loss_of: of().item())  # type: ignore[misc]
            else:
                loss_of()
                optimizer.step()
            if k % 10 == 9:
                scheduler.step()

    (stream,) = streams_of(watched(run))
    case = Case(stream, Budget(30.0))
    assert case.rerun is not None
    tried = case.rerun.run(30)
    if closure:
        assert tried.losses[:1] == pytest.approx(stream.losses[:1])
    else:
        assert tried.losses.tolist() == stream.losses.tolist()
        assert all(torch.equal(p, q) for p, q in zip(
            next(iter(tried.models.values())).parameters(), stream.models[0].parameters(), strict=True))  # fmt: skip


def test_a_rerun_takes_the_loss_that_the_script_writes_by_hand() -> None:
    def run() -> None:
        torch.manual_seed(0)
        x, y = data()
        target = y.float().unsqueeze(1)
        model = nn.Linear(6, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        for _ in range(20):
            optimizer.zero_grad()
            loss = ((model(x) - target) ** 2).mean() + 0.01 * model.weight.abs().sum()
            loss.backward()
            optimizer.step()

    (stream,) = streams_of(watched(run))
    case = Case(stream, Budget(30.0))
    assert case.rerun is not None
    # Each pass has the same data, so that those which were looked at are all there are.
    assert case.rerun.run(20).losses.tolist() == stream.losses.tolist()
    assert case.rerun.run(20, Change(lr=0.0)).losses.tolist() == pytest.approx([stream.losses[0]] * 20)


def test_a_change_does_not_reach_the_script() -> None:
    (stream,) = streams_of(watched(train))
    case = Case(stream, Budget(30.0))
    before = copy.deepcopy(stream.models[0].state_dict())
    rate = stream.optimizer.param_groups[0]["lr"]  # type: ignore[union-attr]
    assert case.try_out("a", Change(lr=10.0, hyper={"momentum": 0.0})) is not None
    assert all(torch.equal(before[name], value) for name, value in stream.models[0].state_dict().items())
    assert stream.optimizer is not None
    assert (stream.optimizer.param_groups[0]["lr"], stream.optimizer.param_groups[0]["momentum"]) == (rate, 0.9)


def test_a_model_that_cannot_be_copied_is_watched_all_the_same() -> None:
    class Stubborn(nn.Linear):
        def __deepcopy__(self, memo: object) -> nn.Module:
            raise TypeError("no copies")

    def run() -> None:
        x, y = data()
        model = Stubborn(6, 3)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(12):
            optimizer.zero_grad()
            F.cross_entropy(model(x).softmax(1), y).backward()
            optimizer.step()

    with Doctor() as doctor:
        run()
    first = doctor.report().findings[0]
    assert (first.cause, first.confirmed) == ("softmax_before_cross_entropy", None)


@pytest.mark.parametrize(("setting", "value"), [("max_steps", 7), ("seconds", 0.05)])
def test_a_block_is_left_when_enough_was_seen(setting: str, value: float) -> None:
    with Doctor(**{setting: value}, probes=False) as doctor:  # type: ignore[arg-type]
        train(epochs=10_000)
    observed = doctor.report().observed
    assert observed.steps == 7 if setting == "max_steps" else 0 < observed.seconds < 30


def test_leaving_early_is_no_exception_that_a_script_would_catch() -> None:
    assert not issubclass(EnoughError, Exception)


@pytest.mark.parametrize("setting", [{"max_steps": 0}, {"seconds": -1.0}])
def test_settings_must_be_positive(setting: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        Doctor(**setting)  # type: ignore[arg-type]


def test_a_doctor_watches_one_block() -> None:
    doctor = Doctor()
    with pytest.raises(RuntimeError, match="nothing was watched"):
        doctor.report()
    with doctor:
        pass
    with pytest.raises(RuntimeError, match="watches one block"):
        doctor.__enter__()


def test_a_loss_that_was_taken_from_pytorch_before_is_known_from_the_passes_looked_at() -> None:
    taken = F.cross_entropy
    with Doctor() as doctor:
        torch.manual_seed(0)
        x, y = data()
        model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 3), nn.Softmax(1))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
        for _ in range(60):
            rows = torch.randperm(len(x))[:40]
            optimizer.zero_grad()
            taken(model(x[rows]), y[rows]).backward()
            optimizer.step()
    (stream,) = streams_of(doctor._watcher.seen)
    case = Case(stream, None)
    assert case.loss_name == "cross_entropy"
    assert [len(x) for x in case.inputs] == [len(y) for y in case.targets]
    first = doctor.report().findings[0]
    assert (first.cause, first.confirmed) == ("softmax_before_cross_entropy", True)


def test_a_mode_that_the_script_enters_survives() -> None:
    def run() -> None:
        x, y = data()
        with torch.device("cpu"):
            model = nn.Linear(6, 3)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for _ in range(12):
                optimizer.zero_grad()
                F.cross_entropy(model(x), y).backward()
                optimizer.step()
            assert torch.zeros(1).device.type == "cpu"

    assert len(watched(run).passes) == 12


def test_a_line_is_found_by_its_setting(tmp_path: object) -> None:
    from pathlib import Path

    path = Path(str(tmp_path)) / "train.py"
    path.write_text("config = {'lr': 0.3}\nother = 0.1\n\nopt = SGD(p, lr=config['lr'], momentum=0.9)\nopt.zero_grad\n")
    made = Site(str(path), 4)
    assert line_of_setting(made, ("lr",), 0.3) == Site(str(path), 1)
    assert line_of_setting(made, ("momentum",), 0.9) == made
    assert line_of_setting(made, ("lr",), 0.5) == made
    assert line_with(str(path), r"\.zero_grad\s*$") == Site(str(path), 5)
    assert line_with(str(path), "nothing") is None
    assert line_of_setting(None, ("lr",), 0.3) is None


def test_an_error_of_the_watchers_is_none_of_the_scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise NotImplementedError

    for name in ("loss_called", "model_called", "backward_starts", "step_done", "event", "printed"):
        monkeypatch.setattr(Watcher, name, fails)
    plain, *_ = train()
    with watching(Watcher()):
        seen, *_ = train()
        print("still here")
    assert seen == plain


def test_a_metric_may_be_given_what_is_true_or_false() -> None:
    x, y = data()
    model = nn.Linear(6, 1)

    def measure() -> None:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            F.mse_loss(model(x), y[:, None].float()).backward()
            optimizer.step()
        with torch.no_grad():
            out = model(x)
            sklearn.metrics.roc_auc_score((y > 0).numpy(), 3 * out.squeeze(1).numpy() + 1)

    assert len(watched(measure).metrics) == 1
