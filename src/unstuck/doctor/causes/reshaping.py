"""Reshapes that exchange axes, and so take numbers to places where they do not belong."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from unstuck.doctor.case import Case, Suspicion, Verdict
from unstuck.doctor.given import given_to
from unstuck.doctor.probes import cured
from unstuck.doctor.rerun import Change
from unstuck.doctor.retrials import before_model
from unstuck.doctor.watch.tape import Op

__all__ = ["JUDGES", "meant_for", "scrambles"]

_RESHAPES = frozenset({"view", "reshape"})
_ATTENDING = frozenset({"matmul", "__matmul__", "einsum", "scaled_dot_product_attention"})
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
        exact = kind != "moved" or (after[0] == samples and samples not in (1, before[0])) or _of_heads(case, op)
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


def _of_heads(case: Case, op: Op) -> bool:
    """Whether a reshape merges heads of an attention, (batch, heads, time, width), not brought beside width before."""
    before, after = op.inputs[0].shape, op.outputs[0].shape
    if len(before) != 4 or tuple(after) != (before[0], before[2], before[1] * before[3]):
        return False
    made = next((one for one in case.pass_ops if any(out is op.inputs[0] for out in one.outputs)), None)
    return made is not None and made.name in _ATTENDING


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


JUDGES: dict[str, Callable[[Case], Suspicion | None]] = {"reshape_scrambles_data": reshape_scrambles_data}
