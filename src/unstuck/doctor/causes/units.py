"""Units that are zero for every input, and pass nothing on."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from unstuck.doctor.case import Case, Suspicion, Verdict
from unstuck.doctor.causes.flow import made_by
from unstuck.doctor.causes.start import original, redraw
from unstuck.doctor.places import owner_of, written_at
from unstuck.doctor.probes import lifted, replacing
from unstuck.doctor.rerun import Change
from unstuck.doctor.signals import Call, Signals, listen
from unstuck.doctor.watch.sites import Site

__all__ = ["dying_relu"]

_DEAD = 0.5  # of a layer's units: most of them
_ALL = 0.9  # likewise: a layer that starts so has not died of its steps
_BATCHES = 8


def dying_relu(case: Case) -> Suspicion | None:
    """Most units of a layer that are zero for every input."""
    if case.stream.interleaved or case.final_signals is None:
        return None
    if not any(_share(call.silent) > _DEAD for call in _rectified(case.final_signals)):
        return None
    dead, before = _silent(case, final=True), _silent(case, final=False)
    if dead is None or before is None or len(dead) != len(before):
        return None
    shares = [_share(silent) for silent, _ in dead]
    most = [number for number, share in enumerate(shares) if share > _DEAD]
    if not most:
        return None
    # Of several layers that one where it began: the others lost their units to it.
    worst = max(most, key=lambda number: (_share(before[number][0]), shares[number]))
    silent, call = dead[worst]
    start = _share(before[worst][0])
    layer = next((c for c in reversed(case.final_signals.layers) if c.parameter == call.parameter), None)
    parameter = original(case, layer) if layer else None
    where = _negative_line(case, parameter) if parameter is not None and start > 0.3 else None
    return Suspicion(
        "dying_relu",
        # Units that die on the way do so of something, such as steps too large, which is then named first.
        case.guessed(0.75 if start > _ALL else 0.65) if start > 0.3 else 0.4,
        f"{shares[worst]:.0%} of the {silent.numel()} units after {call.parameter or 'a layer'} are zero for every "
        f"input at the end, {start:.0%} at the start.",
        {"dead_last": shares[worst], "dead_first": start, "units": silent.numel()},
        "Start biases at zero and weights centred on zero, or use leaky ReLU or GELU.",
        where or (made_by(case, call) if parameter is None or start <= 0.3 else written_at(case, parameter)),
        symptoms=("dead_units",),
        probe=lambda: _revived(case, at_start=start > 0.3),
        consequences=("under_capacity", "too_few_steps", "lr_too_low"),
    )


def _revived(case: Case, *, at_start: bool) -> Verdict | None:
    """Rerun with a rectifier that never closes; units that start far below zero need other first weights."""
    verdict = lifted(case, "with leaky ReLU", Change(mode=replacing(_LEAKY)), 0.2)
    if at_start and not (verdict is not None and verdict.confirmed):
        return redraw(case) or verdict
    return verdict


def _leaky(x: Tensor, *_: object, **__: object) -> Tensor:
    return F.leaky_relu(x, 0.1)


_LEAKY = dict.fromkeys(("relu", "relu_", "clamp_min"), _leaky)


def _share(silent: Tensor | None) -> float:
    return float(silent.float().mean()) if silent is not None and silent.numel() >= 4 else 0.0


def _rectified(signals: Signals) -> list[Call]:
    """Return the rectifiers behind which a layer follows, each with the name of the layer before it."""
    found, layer = [], ""
    last = max((i for i, call in enumerate(signals.calls) if call.kind == "layer"), default=-1)
    for call in signals.calls[: last + 1]:
        if call.kind == "layer":
            layer = call.parameter
        elif call.silent is not None and call.name in _LEAKY:
            call.parameter = layer
            found.append(call)
    return found


def _silent(case: Case, *, final: bool) -> list[tuple[Tensor, Call]] | None:
    """Return which units after each layer are zero for every input of several batches, in evaluation mode."""
    again = case.rerun
    if again is None:
        return None
    models = again.final() if final else again.fresh()
    found: list[tuple[Tensor, Call]] = []
    for batch in again.batches[:: max(len(again.batches) // _BATCHES, 1)][:_BATCHES]:
        signals = case.quietly(lambda batch=batch: listen(again, models, batch, training=False, backward=False))  # type: ignore[misc]
        if signals is None:
            return None
        calls = _rectified(signals)
        if not found:
            found = [(call.silent, call) for call in calls if call.silent is not None]
        elif len(found) == len(calls):
            found = [
                (silent & call.silent, call)
                for (silent, _), call in zip(found, calls, strict=True)
                if call.silent is not None and call.silent.shape == silent.shape
            ]
    return found


def _negative_line(case: Case, weight: Tensor) -> Site | None:
    """Return the line that set what keeps units below zero: a bias that starts negative, else the weights."""
    owner = owner_of(case, weight)
    bias = getattr(owner, "bias", None)
    first = case.seen.first_values.get(id(bias))
    if isinstance(bias, Tensor) and first is not None and float(first.mean()) < -float(torch.std(first)):
        return written_at(case, bias)
    return written_at(case, weight)
