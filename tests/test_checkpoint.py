"""Checkpoints: names that anything reads, files that are whole or not there, a clear word where they do not fit."""

import copy
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.optim import SGD, Adam, Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, OneCycleLR, SequentialLR, StepLR
from torch.optim.swa_utils import AveragedModel

from unstuck.checkpoint import CheckpointError, latest, load_weights, restore, save, save_weights
from unstuck.history import History
from unstuck.models import MLP, ConvNet, Linear
from unstuck.observers.stopping import EarlyStopping
from unstuck.run import Observer, Run

CPU = torch.device("cpu")
ADAM = partial(Adam, lr=0.1)
COSINE = partial(CosineAnnealingLR, T_max=50)


def small(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))


class Counter(Observer):
    """Knows how many steps it was told of."""

    def __init__(self) -> None:
        self.steps = 0

    def on_step(self, run: Run) -> None:
        self.steps += 1

    def state_dict(self) -> dict[str, Any]:
        return {"steps": self.steps}

    def load_state_dict(self, state: Any) -> None:
        self.steps = state["steps"]


def make_run(
    *,
    model: nn.Module | None = None,
    optimizer: Callable[..., Optimizer] = ADAM,
    schedule: Callable[[Optimizer], LRScheduler] | None = COSINE,
    scaler: torch.amp.GradScaler | None = None,
    average: bool = True,
    observers: tuple[Observer, ...] = (),
    seed: int = 0,
    epochs: int = 3,
    batches: int | None = 4,
) -> Run:
    """Return a run of a small model, with all that a run can have."""
    model = small() if model is None else model
    made = optimizer(model.parameters())
    return Run(
        model,
        made,
        History(),
        CPU,
        seed,
        epochs,
        schedule(made) if schedule else None,
        scaler,
        AveragedModel(model) if average else None,
        observers,
        batches=batches,
    )


def go_on(run: Run, steps: int) -> None:
    """Train by hand, four batches an epoch, on what is drawn from the random state."""
    for _ in range(steps):
        run.optimizer.zero_grad()
        loss = (run.model(torch.randn(8, 3)) - 1).square().mean()
        loss.backward()
        run.optimizer.step()
        run.history.record(loss.detach(), samples=8, lr=run.optimizer.param_groups[0]["lr"])
        if run.scheduler:
            run.scheduler.step()
        if run.average:
            run.average.update_parameters(run.model)
        run.batch += 1
        for observer in run.observers:
            observer.on_step(run)
        if run.batch == 4:
            run.history.close_epoch({"validation_loss": loss.item()})
            run.batch = 0


def everything(run: Run) -> dict[str, Any]:
    """Return all that may not differ between two runs."""
    run.history.flush()
    return copy.deepcopy(
        {
            "model": run.model.state_dict(),
            "optimizer": run.optimizer.state_dict(),
            "scheduler": run.scheduler and run.scheduler.state_dict(),
            "average": run.average and run.average.state_dict(),
            "history": run.history.to_dict(),
            "place": (run.step, run.batch, run.stopped),
            "random": torch.get_rng_state(),
            "observers": [observer.state_dict() for observer in run.observers],
        }
    )


def same(first: Any, second: Any) -> bool:
    """Tell whether two values are equal to the last bit."""
    if isinstance(first, Tensor):
        return isinstance(second, Tensor) and first.dtype == second.dtype and torch.equal(first, second)
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[key], second[key]) for key in first)
    if isinstance(first, list | tuple):
        return len(first) == len(second) and all(map(same, first, second))
    return bool(first == second)


# Weights


def wrap_part(model: nn.Sequential) -> nn.Sequential:
    model[0] = torch.compile(model[0], backend="eager")
    model[2] = nn.DataParallel(model[2])
    return model


@pytest.mark.parametrize(
    "wrap",
    [
        lambda model: model,
        partial(torch.compile, backend="eager"),
        nn.DataParallel,
        AveragedModel,
        lambda model: AveragedModel(torch.compile(nn.DataParallel(model), backend="eager")),
        wrap_part,
        lambda model: torch.compile(wrap_part(model), backend="eager"),
    ],
    ids=["plain", "compiled", "parallel", "averaged", "all", "parts", "parts-and-all"],
)
def test_wrappers_leave_no_trace_in_the_names_of_the_weights(wrap: Callable[..., nn.Module], tmp_path: Path) -> None:
    save_weights(wrap(small(1)), tmp_path / "weights.safetensors")
    stored = load_file(tmp_path / "weights.safetensors")
    assert same(stored, dict(small(1).state_dict()))  # the names, too, and in float32 as they were
    wrapped = wrap(small(2))
    load_weights(wrapped, tmp_path / "weights.safetensors")
    x = torch.randn(5, 3)
    assert torch.equal(wrapped.eval()(x), small(1).eval()(x))


def test_a_part_of_ones_own_that_is_called_module_keeps_its_name(tmp_path: Path) -> None:
    model = nn.ModuleDict({"module": nn.Linear(2, 2), "inner": nn.ModuleDict({"module": nn.Linear(2, 2)})})
    save_weights(nn.DataParallel(model), tmp_path / "weights.safetensors")
    assert set(load_file(tmp_path / "weights.safetensors")) == set(model.state_dict())


def test_tied_strided_and_channels_last_weights_come_back(tmp_path: Path) -> None:
    def odd(seed: int) -> nn.ModuleDict:
        torch.manual_seed(seed)
        model = nn.ModuleDict(
            {"embed": nn.Embedding(5, 3), "head": nn.Linear(3, 5, bias=False), "turned": nn.Linear(2, 3)}
        )
        model["head"].weight = model["embed"].weight
        model["turned"].weight = nn.Parameter(torch.randn(2, 3).t())
        model["image"] = nn.Conv2d(2, 3, 3).to(memory_format=torch.channels_last)
        return model

    first, second = odd(1), odd(2)
    save_weights(first, tmp_path / "weights.safetensors")
    load_weights(second, tmp_path / "weights.safetensors")
    assert same(dict(second.state_dict()), dict(first.state_dict()))
    assert second["head"].weight is second["embed"].weight
    assert not second["turned"].weight.is_contiguous()
    assert second["image"].weight.is_contiguous(memory_format=torch.channels_last)
    plain = nn.ModuleDict(dict(odd(3)))
    plain.load_state_dict(load_file(tmp_path / "weights.safetensors"), strict=True)  # with no help of ours
    assert same(dict(plain.state_dict()), dict(first.state_dict()))


def test_the_weights_tell_what_model_and_versions_they_are_of(tmp_path: Path) -> None:
    save_weights(Linear(), tmp_path / "new" / "weights.safetensors")
    with safe_open(tmp_path / "new" / "weights.safetensors", framework="pt") as file:
        metadata = file.metadata()
    assert metadata["format"] == "pt"
    assert metadata["model"] == "Linear"
    assert metadata["torch"] == torch.__version__
    assert os.listdir(tmp_path / "new") == ["weights.safetensors"]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            Linear(in_shape=(3, 3)),
            r"a Linear of 650 numbers, not of this Linear: of another shape: output.weight \(10x64 instead of 10x9\)",
        ),
        (MLP(5), r"not of this MLP: missing: body.0.weight, body.0.bias; of another shape: output.weight \(10x64"),
        (nn.Linear(64, 10), "missing: weight, bias; unexpected: output.bias, output.weight"),
        (ConvNet(), "missing: conv1.weight, conv1.bias, conv2.weight and 3 more; "),
    ],
)
def test_weights_of_another_model_are_refused_by_name_and_change_nothing(
    model: nn.Module, message: str, tmp_path: Path
) -> None:
    save_weights(Linear(), tmp_path / "weights.safetensors")
    before = copy.deepcopy(model.state_dict())
    with pytest.raises(CheckpointError, match=message):
        load_weights(model, tmp_path / "weights.safetensors")
    assert same(dict(model.state_dict()), dict(before))


def test_missing_damaged_and_foreign_weights_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    with pytest.raises(CheckpointError, match=r"there are no weights .*weights\.safetensors: no such file"):
        load_weights(Linear(), path)
    save_weights(Linear(), path)
    whole = path.read_bytes()
    for content in (b"", whole[:5], whole[: len(whole) // 2], whole[:-1], b"what is this?" * 50):
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match=r"weights.safetensors is damaged, or no safetensors file"):
            load_weights(Linear(), path)
    save_file({"output.weight": torch.ones(10, 64), "output.bias": torch.ones(10)}, path)
    model = Linear()
    load_weights(model, path)  # written by another program, but with what the model needs
    assert model.output.weight.sum() == 640


def test_a_state_that_is_no_tensor_is_refused(tmp_path: Path) -> None:
    class Noted(nn.Linear):
        def get_extra_state(self) -> str:
            return "a note"

    with pytest.raises(CheckpointError, match=r"only tensors can be written .* Noted has \['_extra_state'\]"):
        save_weights(Noted(1, 1), tmp_path / "weights.safetensors")
    assert not list(tmp_path.iterdir())


# Checkpoints


def stages(optimizer: Optimizer) -> LRScheduler:
    return SequentialLR(optimizer, [StepLR(optimizer, 1, 0.5), CosineAnnealingLR(optimizer, 9)], milestones=[3])


@pytest.mark.parametrize("steps", [1, 4, 6])
@pytest.mark.parametrize(
    ("optimizer", "schedule"),
    [
        (ADAM, COSINE),
        (partial(SGD, lr=0.1, momentum=0.9), partial(OneCycleLR, max_lr=0.5, total_steps=20)),
        (lambda own: Adam(own, lr=torch.tensor(0.1), weight_decay=0.1, amsgrad=True), stages),
        (partial(torch.optim.RMSprop, lr=0.01), None),
    ],
    ids=["adam", "momentum", "tensor-lr", "rmsprop"],
)
def test_a_run_goes_on_from_any_step_as_if_nothing_had_been(
    optimizer: Callable[..., Optimizer],
    schedule: Callable[[Optimizer], LRScheduler] | None,
    steps: int,
    tmp_path: Path,
) -> None:
    settings = {"optimizer": optimizer, "schedule": schedule}
    torch.manual_seed(7)
    unbroken = make_run(**settings, observers=(Counter(),))
    go_on(unbroken, steps)
    path = save(unbroken, tmp_path)
    assert path == tmp_path / f"step-{steps:08d}"
    there = everything(unbroken)
    go_on(unbroken, 10 - steps)

    torch.manual_seed(99)
    resumed = make_run(**settings, model=small(5), observers=(Counter(),), epochs=8)
    restore(resumed, path)
    assert same(everything(resumed), there)
    assert resumed.epochs == 8  # may be more than it was
    go_on(resumed, 10 - steps)
    assert same(everything(resumed), everything(unbroken))


def test_what_was_there_stays_the_same_object_in_the_same_memory(tmp_path: Path) -> None:
    def addresses(run: Run) -> list[Any]:
        group = run.optimizer.param_groups[0]
        tensors = [*run.model.state_dict().values(), group["lr"], *group["params"]]
        tensors += [value for state in run.optimizer.state.values() for value in state.values()]
        return [id(run.optimizer.param_groups), id(group), id(group["lr"]), *(tensor.data_ptr() for tensor in tensors)]

    runs = [make_run(optimizer=partial(Adam, lr=torch.tensor(rate)), schedule=None) for rate in (0.1, 0.7)]
    for run in runs:
        go_on(run, 2)
    before = addresses(runs[1])
    restore(runs[1], save(runs[0], tmp_path))
    assert addresses(runs[1]) == before
    assert same(runs[1].optimizer.state_dict(), runs[0].optimizer.state_dict())


def test_a_rate_becomes_a_number_or_a_tensor_as_the_run_that_goes_on_has_it(tmp_path: Path) -> None:
    makers = [partial(Adam, lr=0.25), lambda own: Adam(own, lr=torch.tensor(0.25))]
    for saved, resumed in (makers, makers[::-1]):
        first, second = (
            make_run(optimizer=one, schedule=partial(StepLR, step_size=1, gamma=0.5)) for one in (saved, resumed)
        )
        kind = type(second.optimizer.param_groups[0]["lr"])
        go_on(first, 2)
        restore(second, save(first, tmp_path))
        assert second.optimizer.param_groups[0]["lr"] == 0.0625
        go_on(second, 1)
        assert second.optimizer.param_groups[0]["lr"] == 0.03125
        assert type(second.optimizer.param_groups[0]["lr"]) is kind


def test_how_an_optimiser_computes_is_the_resumed_runs_affair(tmp_path: Path) -> None:
    first = make_run(optimizer=partial(Adam, lr=0.1, betas=(0.5, 0.6), foreach=True))
    second = make_run(optimizer=partial(Adam, lr=0.3, fused=True))
    go_on(first, 1)
    restore(second, save(first, tmp_path))
    group = second.optimizer.param_groups[0]
    assert (group["betas"], group["foreach"], group["fused"]) == ((0.5, 0.6), None, True)
    go_on(second, 1)


def test_parameters_of_the_loss_come_back_as_well(tmp_path: Path) -> None:
    runs, temperatures = [], [nn.Parameter(torch.tensor([float(value)])) for value in (3, 5)]
    for temperature in temperatures:
        model = small()
        runs.append(make_run(model=model, optimizer=lambda own, t=temperature: Adam([*own, t], lr=0.1)))
    restore(runs[1], save(runs[0], tmp_path))
    assert temperatures[1].item() == 3


def test_a_scalers_scale_comes_back(tmp_path: Path) -> None:
    scalers = [torch.amp.GradScaler("cpu", init_scale=scale) for scale in (64.0, 2.0)]
    runs = [make_run(scaler=scaler) for scaler in scalers]
    restore(runs[1], save(runs[0], tmp_path))
    assert scalers[1].get_scale() == 64


def test_a_checkpoint_is_read_without_running_code_of_the_files(tmp_path: Path) -> None:
    run = make_run(observers=(EarlyStopping(), Counter()))
    go_on(run, 5)
    run.observers[0].on_epoch(run)
    path = save(run, tmp_path)
    assert sorted(os.listdir(path)) == ["state.pt", "weights.safetensors"]
    state = torch.load(path / "state.pt", weights_only=True)
    assert (state["format"], state["step"], state["epoch"], state["batch"]) == ("unstuck checkpoint", 5, 1, 1)
    assert set(load_file(path / "weights.safetensors")) == set(run.model.state_dict())


@pytest.mark.parametrize(
    ("state", "culprit"),
    [
        ({"value": Path("here")}, "pathlib"),
        ({"value": [lambda: 1]}, "lambda"),
        ({"value": __import__("numpy").float64(1)}, "numpy"),
    ],
)
def test_an_observer_whose_state_could_not_be_read_back_is_named(
    state: dict[str, Any], culprit: str, tmp_path: Path
) -> None:
    class Careless(Observer):
        def state_dict(self) -> dict[str, Any]:
            return state

    with pytest.raises(
        CheckpointError, match=rf"the state of observers\[1\], .*Careless, cannot be written.*{culprit}"
    ):
        save(make_run(observers=(Counter(), Careless())), tmp_path)
    assert not list(tmp_path.iterdir())


def test_observers_may_be_added_left_out_and_moved(tmp_path: Path) -> None:
    class Other(Counter):
        pass

    saved = [Counter(), Other(), Observer(), Counter()]
    for steps, observer in enumerate(saved, start=1):
        observer.steps = steps
    path = save(make_run(observers=tuple(saved)), tmp_path)
    taking = [Observer(), Counter(), Counter(), Counter(), EarlyStopping()]
    restore(make_run(observers=tuple(taking)), path)
    assert [observer.steps for observer in taking[1:4]] == [1, 4, 0]
    restore(make_run(), path)


def other_order(own: Any) -> Optimizer:
    return Adam([{"params": group} for group in reversed([[parameter] for parameter in own])], lr=0.1)


def one_each(own: Any) -> Optimizer:
    return Adam([{"params": [parameter]} for parameter in own], lr=0.1)


@pytest.mark.parametrize(
    ("saved", "resumed", "message"),
    [
        ({}, {"model": nn.Linear(3, 2)}, "not of this Linear: missing: weight, bias; unexpected: 0.bias, 0.weight"),
        (
            {},
            {"model": small().double()},
            r"not of this Sequential: of another type: 0.weight \(torch.float32 instead of torch.float64\)",
        ),
        ({}, {"optimizer": partial(SGD, lr=0.1)}, "its optimizer is Adam, and not SGD"),
        ({}, {"optimizer": one_each}, "its optimizer has 1 parameter groups, and not 6"),
        ({"optimizer": one_each}, {"optimizer": other_order}, "holds other parameters, or holds them in another order"),
        ({}, {"schedule": None}, "it has a scheduler, and this run has none"),
        ({"schedule": None}, {}, "it has no scheduler, and this run has a"),
        ({}, {"schedule": stages}, r"its scheduler is CosineAnnealingLR, and not SequentialLR\(StepLR, CosineAnn"),
        ({}, {"scaler": torch.amp.GradScaler("cpu")}, "it has no scaler, and this run has a"),
        ({"scaler": torch.amp.GradScaler("cpu")}, {}, "it has a scaler, and this run has none"),
        ({}, {"average": False}, "it has a average, and this run has none"),
        ({}, {"seed": 3}, "its seed is 0, and not 3"),
        ({}, {"batches": 5}, "its data had 4 batches an epoch, and not 5"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused_and_changes_nothing(
    saved: dict[str, Any], resumed: dict[str, Any], message: str, tmp_path: Path
) -> None:
    first, second = make_run(**saved), make_run(**resumed, observers=(Counter(),))
    go_on(first, 2)
    path = save(first, tmp_path)
    torch.manual_seed(3)
    before = everything(second)
    with pytest.raises(CheckpointError, match=f"this run cannot go on from .*step-00000002: .*{message}"):
        restore(second, path)
    assert same(everything(second), before)


def test_another_number_of_processes_is_refused(tmp_path: Path) -> None:
    path = save(make_run(), tmp_path)
    state = torch.load(path / "state.pt")
    torch.save({**state, "random": state["random"] * 3}, path / "state.pt")
    with pytest.raises(CheckpointError, match="it was written by 3 processes, and this run has 1"):
        restore(make_run(), path)


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    def refused(path: Path, message: str) -> None:
        run = make_run()
        before = everything(run)
        with pytest.raises(CheckpointError, match=message):
            restore(run, path)
        assert same(everything(run), before)

    refused(tmp_path / "nowhere", "there is no checkpoint .*nowhere: no such folder")
    refused(tmp_path / "step-00000009", "there is no checkpoint .*step-00000009: no such folder")
    refused(tmp_path, "there is no checkpoint in .*: it holds no folder named like step-00000123")
    path = save(make_run(), tmp_path)
    refused(
        path / "state.pt", "state.pt is no checkpoint: a checkpoint is a folder of weights.safetensors and state.pt"
    )
    state = torch.load(path / "state.pt")
    torch.save({**state, "version": 2, "unstuck": "9.9"}, path / "state.pt")
    refused(path, "state.pt was written by a newer version, unstuck 9.9: .* up to version 1, and that is version 2")
    for foreign in ({"state_dict": {}}, [1, 2], torch.ones(3)):
        torch.save(foreign, path / "state.pt")
        refused(path, "state.pt was not written by unstuck")
    torch.save({**state, "history": Path("unsafe")}, path / "state.pt")
    refused(path, "state.pt is damaged, or no checkpoint's file")
    (path / "state.pt").unlink()
    refused(path, "there is no state.pt in it")
    torch.save(state, path / "state.pt")
    (path / "weights.safetensors").unlink()
    refused(path, "there are no weights .*: no such file")


@pytest.mark.parametrize("name", ["weights.safetensors", "state.pt"])
def test_a_file_that_breaks_off_anywhere_is_refused_and_changes_nothing(name: str, tmp_path: Path) -> None:
    run, other = make_run(), make_run(model=small(3))
    go_on(run, 2)
    file = save(run, tmp_path) / name
    whole, before = file.read_bytes(), everything(other)
    lengths = [0, 1, 8, 100, *range(200, len(whole), len(whole) // 20), len(whole) - 1]
    for length in lengths:
        file.write_bytes(whole[:length])
        with pytest.raises(CheckpointError, match=f"{name} is damaged, or no"):
            restore(other, tmp_path)
    assert same(everything(other), before)
    file.write_bytes(whole)
    restore(other, tmp_path)


def test_the_latest_is_that_of_the_highest_step_and_nothing_else_counts(tmp_path: Path) -> None:
    assert latest(tmp_path / "nowhere") is None
    assert latest(tmp_path) is None
    for name in ("step-00000009", "step-98765432", "step-123456789", ".step-00000099.tmp", "step-12", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / "step-223456789").write_text("a file")
    assert latest(tmp_path) == tmp_path / "step-123456789"  # and not the last one in the alphabet


def test_one_that_was_being_replaced_at_a_crash_still_counts(tmp_path: Path) -> None:
    run = make_run()
    go_on(run, 2)
    path = save(run, tmp_path)
    aside = path.rename(tmp_path / f".replaced-{path.name}")
    assert latest(tmp_path) == aside
    restore(make_run(), tmp_path)
    restore(make_run(), path)  # by its name as well
    go_on(run, 1)
    save(run, tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["step-00000002", "step-00000003"]
    shutil.copytree(path, aside)
    assert latest(tmp_path) == tmp_path / "step-00000003"
    save(run, tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["step-00000002", "step-00000003"]


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    run = make_run()
    go_on(run, 2)
    there = everything(run)
    save(run, tmp_path)
    for name in ("fsync", "replace"):
        with monkeypatch.context() as patched:
            patched.setattr(os, name, full)
            with pytest.raises(OSError, match="No space left"):
                save(run, tmp_path)
        assert os.listdir(tmp_path) == ["step-00000002"]
        other = make_run(model=small(4))
        restore(other, tmp_path)
        assert same(other.model.state_dict(), there["model"])
