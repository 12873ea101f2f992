"""Checkpoints: all of a run, so that one that is resumed goes on as if it had never been broken off."""

from __future__ import annotations

import io
import pickle
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.serialization import get_unsafe_globals_in_checkpoint

from unstuck.checkpoint.folders import STATE, WEIGHTS, CheckpointError, checkpoint_name, find, written_folder
from unstuck.checkpoint.weights import clean_names, misfits, plain, put_weights, read_weights, save_weights, weights_of
from unstuck.distributed import Processes
from unstuck.run import Observer, Run, random_state, set_random_state

__all__ = ["raise_together", "read_state", "restore", "save"]

_FORMAT, _VERSION = "unstuck checkpoint", 1
_HOW = ("fused", "foreach", "capturable", "differentiable")  # how an optimiser computes, and not what

State = dict[str, Any]


def save(run: Run, folder: str | Path) -> Path:
    """Write a checkpoint of a run, whole or not at all; one of the same step is replaced.

    Under torchrun, every process calls it, and one writes.

    Parameters
    ----------
    run
        Between two steps. The losses of the open epoch are read, which waits for the device.
    folder
        Where the run's checkpoints lie; it is made.

    Returns
    -------
    Path
        The checkpoint: a folder ``step-00000123`` in `folder`.

    Raises
    ------
    DivergedError
        If a loss of the open epoch is NaN or infinite, and the run does not go on then.
    CheckpointError
        If the state of an observer, or of another part, holds what could not be read back safely.
    OSError
        If the disk is full, say.
    """
    run.history.flush()
    random = {"now": random_state(run.device), "loader": run.loader_random}
    gathered = run.processes.gather(random)
    path = Path(folder) / checkpoint_name(run.step)
    problem: OSError | CheckpointError | None = None
    if run.processes.is_main:
        try:
            with written_folder(path) as unfinished:
                save_weights(run.model, unfinished / WEIGHTS)
                _write(_state(run, gathered), unfinished / STATE)
        except (OSError, CheckpointError) as error:
            problem = error
    raise_together(run.processes, problem)
    return path


def restore(run: Run, path: str | Path) -> None:
    """Put a run back to where a checkpoint was written, in place.

    The checkpoint's learning rate, betas and the like count, and not those that the run's optimiser was made with.
    Observers are matched by their class and their order in it; an observer may be new, and one may be left out.

    Parameters
    ----------
    run
        Made of the same parts as the one that was saved; only ``epochs`` may differ, and where and how it computes.
    path
        A checkpoint, or a folder of them: then the latest.

    Raises
    ------
    CheckpointError
        If there is no checkpoint; if it is damaged, foreign, or of a newer version; if it is of a run with another
        model, optimiser, schedule, seed, number of processes or of batches. The run is then as it was.
    """
    problem: CheckpointError | None = None
    try:
        path = find(path)
        state = read_state(path)
        tensors, description = read_weights(path / WEIGHTS)
        if difference := next(_differences(run, state, tensors, description), None):
            problem = CheckpointError(f"this run cannot go on from {path}: {difference}")
    except CheckpointError as error:
        problem = error
    raise_together(run.processes, problem)
    _put(run, state, tensors)


def read_state(checkpoint: Path) -> State:
    """Return all of a checkpoint but the weights.

    Raises
    ------
    CheckpointError
        If it is missing, damaged, foreign, or of a newer version.
    """
    path = checkpoint / STATE
    if not path.is_file():
        raise CheckpointError(f"{checkpoint} is no checkpoint: there is no {STATE} in it")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # of many kinds, depending on where the file breaks off
        raise CheckpointError(f"{path} is damaged, or no checkpoint's file: {error}") from error
    if not isinstance(state, dict) or state.get("format") != _FORMAT:
        raise CheckpointError(f"{path} was not written by unstuck: it is no checkpoint of a run")
    if state["version"] > _VERSION:
        raise CheckpointError(
            f"{path} was written by a newer version, unstuck {state['unstuck']}: this one reads checkpoints up to "
            f"version {_VERSION}, and that is version {state['version']}"
        )
    return state


def _state(run: Run, random: list[State]) -> State:
    from unstuck import __version__  # here, as the package imports this module

    average = run.average
    return {
        "format": _FORMAT,
        "version": _VERSION,
        "unstuck": __version__,
        "torch": str(torch.__version__),
        "optimizer": {
            "class": type(run.optimizer).__name__,
            "parameters": _parameter_names(run),
            "others": _other_parameters(run),
            "state": run.optimizer.state_dict(),
        },
        "scheduler": run.scheduler and {"class": _classes(run.scheduler), "state": run.scheduler.state_dict()},
        "scaler": run.scaler and run.scaler.state_dict(),
        "average": average and {"averaged": average.n_averaged, "weights": weights_of(average)},
        "history": run.history.state_dict(),
        "observers": [{"class": type(one).__qualname__, "state": one.state_dict()} for one in run.observers],
        "epoch": len(run.history),
        "batch": run.batch,
        "step": run.step,
        "batches": run.batches,
        "epochs": run.epochs,
        "seed": run.seed,
        "stopped": run.stopped,
        "random": random,
    }


def _write(state: State, path: Path) -> None:
    """Write what can be read without running code of the file's."""
    if not (_unreadable(state, path)):
        return
    parts = {f"the {name}": part for name, part in state.items()}
    for index, observer in enumerate(parts.pop("the observers")):
        parts[f"the state of observers[{index}], {observer['class']},"] = observer["state"]
    for name, part in parts.items():
        if culprit := _unreadable(part, io.BytesIO()):
            raise CheckpointError(
                f"{name} cannot be written to a checkpoint, as reading it back would not be safe: it holds {culprit}; "
                "tensors, numbers, texts, lists and dicts are"
            )
    raise AssertionError("a part of an unreadable state is unreadable")


def _unreadable(value: object, file: Path | io.BytesIO) -> str:
    """Write a value, and name what in it ``weights_only=True`` would refuse."""
    try:
        torch.save(value, file)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        return str(error)
    if isinstance(file, io.BytesIO):
        file.seek(0)
    return ", ".join(sorted(get_unsafe_globals_in_checkpoint(file)))


def _differences(run: Run, state: State, tensors: Mapping[str, Tensor], description: str) -> Iterator[str]:
    """Yield what a run and a checkpoint do not have in common."""
    if misfit := misfits(run.model, tensors, exactly=True):
        yield f"its weights are those of {description}, not of this {type(plain(run.model)).__name__}: {misfit}"
    saved, own = state["optimizer"]["class"], type(run.optimizer).__name__
    if saved != own:
        yield f"its optimizer is {saved}, and not {own}"
    groups = state["optimizer"]["parameters"]
    if len(groups) != len(run.optimizer.param_groups):
        yield f"its optimizer has {len(groups)} parameter groups, and not {len(run.optimizer.param_groups)}"
    if groups != _parameter_names(run):
        yield "its optimizer holds other parameters, or holds them in another order"
    if [other.shape for other in state["optimizer"]["others"]] != [other.shape for other in _other_parameters(run)]:
        yield "its optimizer holds parameters beside the model's of other shapes"
    for name, part in (("scheduler", run.scheduler), ("scaler", run.scaler), ("average", run.average)):
        if (part is None) != (state[name] is None):
            yield f"it has {'no' if state[name] is None else 'a'} {name}, and this run has {'a' if part else 'none'}"
    if run.scheduler and state["scheduler"]["class"] != _classes(run.scheduler):
        yield f"its scheduler is {state['scheduler']['class']}, and not {_classes(run.scheduler)}"
    if run.average and (misfit := misfits(run.average, state["average"]["weights"], exactly=True)):
        yield f"its average is of other weights: {misfit}"
    if state["seed"] != run.seed:
        yield f"its seed is {state['seed']}, and not {run.seed}"
    if len(state["random"]) != run.processes.count:
        yield f"it was written by {len(state['random'])} processes, and this run has {run.processes.count}"
    if None not in (state["batches"], run.batches) and state["batches"] != run.batches:
        yield f"its data had {state['batches']} batches an epoch, and not {run.batches}"


@torch.no_grad()
def _put(run: Run, state: State, tensors: Mapping[str, Tensor]) -> None:
    for observer, own in _takers(run.observers, state["observers"]):
        observer.load_state_dict(own)
    put_weights(run.model, tensors)
    for parameter, value in zip(_other_parameters(run), state["optimizer"]["others"], strict=True):
        parameter.copy_(value)
    _put_optimizer(run.optimizer, state["optimizer"]["state"])
    run.optimizer._opt_called = state["step"] > 0  # type: ignore[attr-defined]  # or a scheduler warns that none came
    if run.scheduler:
        run.scheduler.load_state_dict(_like(run.scheduler.state_dict(), state["scheduler"]["state"]))
    if run.scaler:
        run.scaler.load_state_dict(state["scaler"])
    if run.average:
        put_weights(run.average, state["average"]["weights"])
        run.average.n_averaged.copy_(state["average"]["averaged"])
    run.history.load_state_dict(state["history"])
    run.batch, run.stopped = state["batch"], state["stopped"]
    random = state["random"][run.processes.rank]
    run.loader_random = random["loader"]
    set_random_state(random["now"], run.device)


def _put_optimizer(optimizer: Optimizer, state: State) -> None:
    """Load an optimiser's state into the groups and tensors that it has: a CUDA graph knows them by their address."""
    groups, buffers = optimizer.param_groups, {parameter: dict(own) for parameter, own in optimizer.state.items()}
    saved = [
        {**group, **{name: own[name] for name in _HOW if name in own}}
        for group, own in zip(state["param_groups"], groups, strict=True)
    ]
    optimizer.load_state_dict({**state, "param_groups": saved})
    for group, loaded in zip(groups, optimizer.param_groups, strict=True):
        group.update({name: _into(group.get(name), value) for name, value in loaded.items() if name != "params"})
    optimizer.param_groups = groups
    for parameter, loaded in optimizer.state.items():
        loaded.update({name: _into(buffers.get(parameter, {}).get(name), value) for name, value in loaded.items()})


def _into(own: Any, saved: Any) -> Any:
    """Return a saved value in one's own tensor, where that has its shape; else as :func:`_like` does."""
    if isinstance(own, Tensor) and own.shape == torch.as_tensor(saved).shape:
        return own.copy_(torch.as_tensor(saved))
    return _like(own, saved)


def _like(own: Any, saved: Any) -> Any:
    """Return a saved value, and what is in it, as tensors and as numbers where one's own are such.

    A learning rate is a tensor in a CUDA graph and a number elsewhere, and a run may go on elsewhere.
    """
    if isinstance(own, Tensor) and isinstance(saved, Tensor | float):
        return torch.as_tensor(saved, dtype=own.dtype, device=own.device)
    if isinstance(own, float) and isinstance(saved, Tensor):
        return saved.item()
    if isinstance(own, dict) and isinstance(saved, dict):
        return {name: _like(own.get(name), value) for name, value in saved.items()}
    if isinstance(own, list) and isinstance(saved, list) and len(own) == len(saved):
        return [_like(one, value) for one, value in zip(own, saved, strict=True)]
    return saved


def _parameter_names(run: Run) -> list[list[str]]:
    """Return the names of the parameters that the optimiser holds, group by group; "" for what is not the model's."""
    module = plain(run.model)
    clean = clean_names(module)
    names = {id(parameter): clean[name] for name, parameter in module.named_parameters()}
    return [[names.get(id(parameter), "") for parameter in group["params"]] for group in run.optimizer.param_groups]


def _other_parameters(run: Run) -> list[Tensor]:
    """Return what the optimiser holds and the model does not: parameters of the loss, say."""
    own = {id(parameter) for parameter in run.model.parameters()}
    held = [parameter for group in run.optimizer.param_groups for parameter in group["params"]]
    return [parameter.detach() for parameter in held if id(parameter) not in own]


def _classes(scheduler: LRScheduler) -> str:
    """Return the name of a scheduler's class, with those of the schedulers inside it: ``"SequentialLR(StepLR)"``."""
    inner = ", ".join(map(_classes, getattr(scheduler, "_schedulers", ())))
    return type(scheduler).__name__ + (f"({inner})" if inner else "")


def _takers(observers: Sequence[Observer], saved: Sequence[State]) -> Iterator[tuple[Observer, State]]:
    """Yield the observers for which there is a state, with it: the first of a class takes the first one's."""
    waiting = defaultdict(list)
    for entry in saved:
        waiting[entry["class"]].append(entry["state"])
    for observer in observers:
        states = waiting[type(observer).__qualname__]
        if states and (state := states.pop(0)):
            yield observer, state


def raise_together(processes: Processes, problem: OSError | CheckpointError | None) -> None:
    """Raise the problem of any process on all of them, as otherwise the others would wait for it for ever."""
    told = next(filter(None, processes.gather(problem and str(problem))), None)
    if problem:
        raise problem
    if told:
        raise CheckpointError(told)
