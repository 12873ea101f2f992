"""Samples that have to do with one another inside the model, though each should stand for itself."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_map
from torch.utils.data import DataLoader

from unstuck.doctor.case import Case, Suspicion, Verdict
from unstuck.doctor.given import given_to, keys_of
from unstuck.doctor.probes import cured
from unstuck.doctor.recording import ModelCall
from unstuck.doctor.rerun import Change
from unstuck.doctor.watch.sites import Site, site_here
from unstuck.doctor.watch.tape import tensors_in

__all__ = ["JUDGES"]

_SOFTMAXES = frozenset({"softmax", "log_softmax", "_softmax", "softmin"})
_DIFFERENT = 1e-3  # of an output's size: far above rounding, which depends on the other rows as well


@dataclass
class _Step:
    """A function that a model called: its name, its line, the module it belongs to, and what it returned."""

    name: str
    site: Site | None
    module: str
    out: Tensor


class _Steps(TorchFunctionMode):
    """Writes down what a copy of a model computes."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.steps: list[_Step] = []
        self.stack: list[str] = [""]
        for name, module in model.named_modules():
            module.register_forward_pre_hook(partial(self._enter, name))
            module.register_forward_hook(self._leave)

    def _enter(self, name: str, *_: Any) -> None:
        self.stack.append(name)

    def _leave(self, *_: Any) -> None:
        self.stack.pop()

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Call the function, and write it down."""
        out = func(*args, **(kwargs or {}))
        first = next(iter(tensors_in(out)), None) if isinstance(out, (Tensor, tuple, list)) else None
        if first is not None:
            self.steps.append(_Step(getattr(func, "__name__", ""), site_here(), self.stack[-1], first))
        return out


def samples_mixed_in_batch(case: Case) -> Suspicion | None:
    """Tell a model whose output for a sample changes with the other samples of the batch, in evaluation mode."""
    call = _call(case)
    if call is None or case.stream.interleaved or _one_graph(case, call) or given_to(case).places:
        return None
    model = case.stream.models[0]
    if any(isinstance(m, nn.modules.batchnorm._BatchNorm) and m.running_mean is None for m in model.modules()):
        return None
    found = case.quietly(lambda: _mixed(model, call))
    if found is None:
        return None
    change, step = found
    if step is not None and step.name in _SOFTMAXES:
        return None  # a cause of its own
    module = dict(model.named_modules()).get(step.module) if step else None
    owner = module if module is not None and type(module).__module__.startswith("torch.nn") else None
    where = (case.seen.made_at(owner) if owner is not None else None) or (step.site if step else call.site)
    sequential = _time_first(model, owner, step)
    if sequential is not None:
        where = case.seen.made_at(sequential) or where
    name = type(owner).__name__ if owner is not None else f"{step.name}" if step else "the model"
    fix = (
        "Pass batch_first=True where the layer is made: it takes the first axis for time, and gets the batch there."
        if sequential is not None
        else "Let every operation of the model leave the batch axis alone: reduce, normalise and reshape over the "
        "others, and keep the batch first in every view."
    )
    return Suspicion(
        "samples_mixed_in_batch",
        0.95,
        f"The output for a sample changes by {change:.0%} of its size when only the other samples of the batch change, "
        f"in evaluation mode; {name} is the first to do so.",
        {"change": change, "batch": _rows(call)},
        fix,
        where,
        probe=partial(_with_batch_first, case) if sequential is not None else None,
        consequences=(
            "under_capacity", "too_few_steps", "lr_too_low", "overfitting", "labels_misaligned", "no_shuffle",
            "wrong_train_eval_mode", "label_noise", "lr_too_high",
        ),
        certain=True,
    )  # fmt: skip


def _time_first(model: nn.Module, owner: nn.Module | None, step: _Step | None) -> nn.Module | None:
    """Return the recurrent or attention layer that takes the batch axis for time; None where it is something else."""
    layers = [m for m in model.modules() if getattr(m, "batch_first", None) is False]
    if step is None or not layers:
        return None
    if any(m is owner for m in layers):
        return owner
    return layers[0] if "attention" in step.name or "transformer" in step.name else None


def _with_batch_first(case: Case) -> Verdict | None:
    return cured(case, "with batch_first=True", Change(model=_batch_first), enough=0.1, least=0.02)


def _batch_first(models: dict[int, nn.Module]) -> None:
    for model in models.values():
        for module in model.modules():
            if getattr(module, "batch_first", None) is False:
                module.batch_first = True  # type: ignore[assignment]


def _call(case: Case) -> ModelCall | None:
    """Return the last call of the first model of which the inputs were kept, where rows are samples."""
    for done in reversed(case.stream.passes[-20:]):
        call = done.calls[0] if done.calls else None
        if call is None or not isinstance(next(iter(tensors_in(call.output)), None), Tensor):
            continue
        given, out = call.given, next(iter(tensors_in(call.output)))
        if len(given) > 1 and out.ndim > 1 and out.shape[0] == out.shape[1] == _rows(call):
            continue  # each of one kind against each of another
        if not given or not call.kept or any(not t.ndim for t in given) or _rows(call) < 3:
            continue
        target = done.loss_calls[0].target if done.loss_calls else None
        rows = _rows(call)
        if any(len(t) != rows for t in given):
            continue
        other = target is not None and target.ndim and target.numel() and len(target) != rows
        if target is not None and other and (len(target) % rows or not _drawn_by_rows(case, given[0])):
            continue
        if given[0].ndim > 1 and given[0].shape[1] == rows and target is None:
            continue  # either axis may be the batch
        return call
    return None


def _drawn_by_rows(case: Case, x: Tensor) -> bool:
    """Whether the rows of a batch were taken out of a tensor or a data set of more: then the first axis is samples'.

    Where targets are flattened nothing else tells it from that of time.
    """
    base = given_to(case).drawn_from[0]
    if base is not None and base.shape[1:] == x.shape[1:] and len(base) > len(x):
        return True
    sizes = {
        made.thing.batch_size
        for made in case.seen.made.values()
        if isinstance(made.thing, DataLoader) and id(made.thing) in case.seen.iterated
    }
    return len(x) in sizes and (x.ndim < 2 or x.shape[1] not in sizes)


def _rows(call: ModelCall) -> int:
    return len(call.first) if call.first is not None and call.first.ndim else 0


def _one_graph(case: Case, call: ModelCall) -> bool:
    """Whether all samples are one batch in every pass and evaluation, as the nodes of a graph are."""
    rows = _rows(call)
    if any(isinstance(b, Tensor) and b.ndim == 2 and b.shape == (rows, rows) for b in case.stream.models[0].buffers()):
        return True
    if any(_rows(c) != rows for done in case.stream.passes[:200] for c in done.calls[:1] if _rows(c)):
        return False
    if any(_rows(one) not in (0, rows) for one in case.stream.evaluations[:50]):
        return False
    keys = {keys_of(x).tobytes() for x in case.inputs[:3]}
    return len(keys) == 1 and len(case.stream.passes) > 1


def _mixed(model: nn.Module, call: ModelCall) -> tuple[float, _Step | None] | None:
    """Return by how much a sample's output changes with the others', and the first function to bring that about."""
    rows = _rows(call)
    args, kwargs = call.args, call.kwargs
    for kept in (rows - 1, rows // 2):

        def others(x: Any, kept: int = kept) -> Any:
            if not isinstance(x, Tensor):
                return x
            changed = x.flip(0).clone() if rows % 2 == 0 or kept != rows // 2 else x.roll(1, 0).clone()
            changed[kept] = x[kept]
            return changed  # fmt: skip

        first, steps = _run(model, args, kwargs)
        again, _ = _run(model, args, kwargs)
        if first is None or again is None or not torch.equal(first, again) or first.numel() % rows:
            return None
        other, steps2 = _run(model, tree_map(others, args), tree_map(others, kwargs))
        if other is None or other.shape != first.shape or len(first) % rows:
            return None
        ours, theirs = (out.reshape(rows, -1)[kept].double() for out in (first, other))
        size = float(first.double().abs().mean()) + 1e-12
        change = float((ours - theirs).abs().max()) / size
        if not math.isfinite(change) or change < _DIFFERENT:
            continue
        return change, _first_difference(steps, steps2, rows, kept)
    return None


def _run(model: nn.Module, args: Any, kwargs: Any) -> tuple[Tensor | None, list[_Step]]:
    twin = copy.deepcopy(model).eval()
    mode = _Steps(twin)
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        with mode:
            out = twin(*args, **kwargs)
    first = next(iter(tensors_in(out)), None)
    return (first if first is not None and first.ndim and first.is_floating_point() else None), mode.steps


def _first_difference(a: list[_Step], b: list[_Step], rows: int, kept: int) -> _Step | None:
    for one, other in zip(a, b, strict=False):
        if (
            one.out.shape != other.out.shape
            or not one.out.ndim
            or len(one.out) != rows
            or not one.out.is_floating_point()
        ):
            continue
        ours, theirs = one.out[kept].double(), other.out[kept].double()
        if ours.numel() and float((ours - theirs).abs().max()) > _DIFFERENT * (
            float(one.out.double().abs().mean()) + 1e-12
        ):
            return one
    return None


JUDGES: dict[str, Callable[[Case], Suspicion | None]] = {"samples_mixed_in_batch": samples_mixed_in_batch}
