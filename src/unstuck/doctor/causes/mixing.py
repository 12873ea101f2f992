"""Numbers that end up where they do not belong: in other places of a sample, or in other samples of the batch."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_map

from unstuck.doctor.case import Case, Suspicion, Verdict
from unstuck.doctor.given import given_to, keys_of
from unstuck.doctor.recording import ModelCall
from unstuck.doctor.rerun import Change
from unstuck.doctor.retrials import before_model, cured
from unstuck.doctor.watch.sites import Site, site_here
from unstuck.doctor.watch.tape import tensors_in

__all__ = ["JUDGES"]

_RESHAPES = frozenset({"view", "reshape"})
_SOFTMAXES = frozenset({"softmax", "log_softmax", "_softmax", "softmin"})
_DIFFERENT = 1e-3  # of an output's size: far above rounding, which depends on the other rows as well
_SMOOTHER = 0.7  # times the difference of neighbouring pixels that there is as the images are fed
_SLIGHTLY = 0.93  # likewise: noise hides a good part of it, and a wrong order makes images rougher, not smoother
_SIDE = 6  # pixels: below it, neighbours tell little


def reshape_scrambles_data(case: Case) -> Suspicion | None:
    """Tell a view or reshape that only renames axes in another order, and so takes numbers to wrong places."""
    given = given_to(case)
    ops = [op for op in (*given.x_chain, *case.pass_ops) if op.name in _RESHAPES and op.inputs and op.outputs]
    for op in ops:
        before, after = tuple(op.inputs[0].shape), tuple(op.outputs[0].shape)
        kind = scrambles(before, after)
        if kind is None:
            continue
        change = None
        if op.modules or op in case.pass_ops:
            change = Change(mode=Meant)
        elif before[0] == after[0] and after[1:] == given.pairs[0][0].shape[1:]:
            change = Change(model=_undone(case, before[1:], after[1:]))
        samples = len(given.pairs[0][0]) if given.pairs else 0
        exact = kind != "moved" or (after[0] == samples and samples not in (1, before[0]))
        return Suspicion(
            "reshape_scrambles_data",
            0.9 if exact else 0.48,
            f"{op.name} makes the shape {after} of {before}: it keeps the numbers in their order in memory, and so "
            "does not exchange axes but fills each with numbers of several others.",
            {"axes": len(after), "numbers": math.prod(after)},
            "Exchange axes with permute or transpose, and reshape only to merge or split neighbouring ones.",
            op.site,
            probe=partial(_permuted, case, change) if change is not None else None,
            consequences=("samples_mixed_in_batch", "under_capacity", "too_few_steps", "lr_too_low", "overfitting",
                          "labels_misaligned"),
            certain=exact,
        )  # fmt: skip
    return _rough(case)


def _permuted(case: Case, change: Change) -> Verdict | None:
    return cured(case, "with the axes permuted instead", change, enough=0.1, least=0.02)


def scrambles(before: Sequence[int], after: Sequence[int]) -> str | None:
    """Tell how a reshape exchanges axes.

    Axes of size 1 aside, both shapes are cut where the products of their first axes agree: between such cuts, merging
    or splitting leaves one axis on one side.
    Where there are several on both, and one of the sizes is found at another place, an exchange of axes was meant.

    Returns
    -------
    str or None
        ``permuted`` where the sizes are the same in another order, ``split`` where one has moved and others were
        split, ``moved`` where others were merged, or None.
    """
    kind = None
    for ours, theirs in _groups(before, after):
        if len(ours) < 2 or len(theirs) < 2 or ours == theirs:
            continue
        if sorted(ours) == sorted(theirs):
            return "permuted"
        if set(ours) & set(theirs) and meant_for(ours, theirs) is not None:
            # what merges axes as well may be meant, as groups of channels are; what only splits them cannot be
            kind = "split" if len(theirs) > len(ours) else "moved"
    return kind


def _groups(before: Sequence[int], after: Sequence[int]) -> list[tuple[list[int], list[int]]]:
    ours, theirs = [size for size in before if size != 1], [size for size in after if size != 1]
    if 0 in ours or 0 in theirs:
        return []
    groups: list[tuple[list[int], list[int]]] = []
    while ours and theirs:
        a, b = [ours.pop(0)], [theirs.pop(0)]
        while math.prod(a) != math.prod(b):
            source, part = (ours, a) if math.prod(a) < math.prod(b) else (theirs, b)
            if not source:
                return []
            part.append(source.pop(0))
        groups.append((a, b))
    return groups


def meant_for(before: Sequence[int], after: Sequence[int]) -> Callable[[Tensor], Tensor] | None:
    """Return what takes a tensor of one shape to another by exchanging axes of the same size; None where none is."""
    pieces: list[list[int]] = [[size] for size in before]
    order: list[list[tuple[int, int]]] = []
    free = [place for place, size in enumerate(before) if size != 1]
    matched: dict[int, int] = {}
    for target, size in enumerate(after):
        place = next((p for p in free if before[p] == size and size != 1), None)
        if place is not None:
            matched[target] = place
            free.remove(place)
    left = [[place, before[place]] for place in free]
    for target, size in enumerate(after):
        if target in matched:
            order.append([(matched[target], 0)])
            continue
        parts: list[tuple[int, int]] = []
        while size > 1:
            if not left:
                return None
            place, rest = left[0]
            if size % rest == 0:
                parts.append((place, len(pieces[place]) - 1))
                size //= rest
                left.pop(0)
            elif rest % size == 0:
                pieces[place][-1:] = [size, rest // size]
                parts.append((place, len(pieces[place]) - 2))
                left[0][1] = rest // size
                size = 1
            else:
                return None
        order.append(parts)
    flat = [(place, number) for place, sizes in enumerate(pieces) for number in range(len(sizes))]
    sizes = [size for part in pieces for size in part]
    chosen = [flat.index(one) for parts in order for one in parts]
    chosen += [place for place in range(len(flat)) if place not in chosen]  # of size 1
    return lambda x: x.reshape(sizes).permute(chosen).reshape(tuple(after))


class Meant(TorchFunctionMode):
    """Exchanges axes wherever a reshape would scramble them."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Call the function, or what was meant."""
        out = func(*args, **(kwargs or {}))
        if getattr(func, "__name__", "") not in _RESHAPES or not args or not isinstance(args[0], Tensor):
            return out
        if scrambles(args[0].shape, out.shape) and (meant := meant_for(args[0].shape, out.shape)) is not None:
            return meant(args[0])
        return out


def _undone(case: Case, before: tuple[int, ...], after: tuple[int, ...]) -> Callable[[dict[int, nn.Module]], None]:
    """Return what lets the model see its inputs as they were meant: read in their shape before, and permuted."""

    def prepare(batch: Tensor) -> Tensor:
        meant = meant_for((len(batch), *before), (len(batch), *after))
        return batch if meant is None else meant(batch.reshape(len(batch), *before))

    def change(models: dict[int, nn.Module]) -> None:
        before_model(models[id(case.stream.models[0])], prepare)

    return change


def _rough(case: Case) -> Suspicion | None:
    """Find images that are smoother when their numbers are read in the order of other axes, as NumPy has them."""
    given = given_to(case)
    if not given.numeric or not given.pairs:
        return None
    x = given.pairs[0][0]
    if x.ndim != 4 or min(x.shape[2:]) < _SIDE or not bool(torch.isfinite(x).all()) or float(x.std()) == 0:
        return None
    channels, height, width = x.shape[1:]
    ways: list[tuple[int, ...]] = []
    if channels in (3, 4):
        ways.append((height, width, channels))
    if height != width:
        ways.append((channels, width, height))
    now = _roughness(x)
    for before in ways:
        meant = meant_for(before, tuple(x.shape[1:]))
        if meant is None:
            continue
        read = torch.stack([meant(one.reshape(before)) for one in x[:64]])
        other = _roughness(read)
        if other < _SLIGHTLY * now:
            return Suspicion(
                "reshape_scrambles_data",
                0.8 if other < _SMOOTHER * now else 0.45,
                f"Read in the order {before} and then permuted, neighbouring pixels of the images differ by "
                f"{other:.2f} standard deviations, and as they are fed by {now:.2f}.",
                {"roughness": now, "roughness_permuted": other},
                "Exchange axes with permute or transpose (NumPy: transpose, moveaxis), and not by reshape.",
                given.source(given.x_chain),
                probe=partial(_permuted, case, Change(model=_undone(case, before, tuple(x.shape[1:])))),
                consequences=("under_capacity", "too_few_steps", "lr_too_low", "overfitting", "labels_misaligned"),
            )
    return None


def _roughness(x: Tensor) -> float:
    """Return by how many standard deviations pixels differ from the next ones."""
    x = x[:64].double()
    steps = [(x.diff(dim=axis)).abs().mean() for axis in (-1, -2)]
    return float(sum(steps) / 2 / x.std())


# -- samples ---------------------------------------------------------------------------------------------------------


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
    if call is None or case.stream.interleaved or _one_graph(case, call):
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
        given = tensors_in((call.args, call.kwargs))
        if not given or any(not t.numel() or not t.ndim for t in given) or _rows(call) < 3:
            continue
        target = done.loss_calls[0].target if done.loss_calls else None
        rows = _rows(call)
        if any(len(t) != rows for t in given):
            continue
        if target is not None and target.ndim and target.numel() and len(target) != rows:
            continue
        if given[0].ndim > 1 and given[0].shape[1] == rows and target is None:
            continue  # either axis may be the batch
        return call
    return None


def _rows(call: ModelCall) -> int:
    given = tensors_in((call.args, call.kwargs))
    return len(given[0]) if given and given[0].ndim else 0


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


JUDGES: dict[str, Callable[[Case], Suspicion | None]] = {
    "reshape_scrambles_data": reshape_scrambles_data,
    "samples_mixed_in_batch": samples_mixed_in_batch,
}
