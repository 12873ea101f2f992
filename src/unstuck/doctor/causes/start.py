"""The first weights: equal where they must differ, or far too large."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unstuck.doctor.case import Case, Suspicion, Verdict
from unstuck.doctor.causes.weights import moved
from unstuck.doctor.places import owner_of, written_at
from unstuck.doctor.probes import lifted
from unstuck.doctor.remakes import redrawn
from unstuck.doctor.rerun import Change
from unstuck.doctor.signals import BOUNDED, RECURRENT, Call, saturation
from unstuck.doctor.sources import line_with
from unstuck.doctor.watch.sites import Site

__all__ = ["gain", "init_too_large", "original", "redraw", "trivial_loss", "zero_or_constant_init"]

_SHARE = 0.7  # of a layer's units that have an equal: one odd unit does not break what the others share
_ROWS = 256  # units compared with one another
# PyTorch's own layers start at 0.58, He's rule at 1.4, Glorot's with tanh's gain at no more than 2.4.
_GAIN = 3.0


def redraw(case: Case) -> Verdict | None:
    """Rerun from weights that PyTorch's layers draw by default."""

    def anew(models: dict[int, nn.Module]) -> None:
        redrawn(models)

    return lifted(case, "with PyTorch's default initialisation", Change(model=anew))


def zero_or_constant_init(case: Case) -> Suspicion | None:
    """Units of a hidden layer that start equal, and so stay equal."""
    trained = {id(p) for p in case.stream.held if p.requires_grad and p.is_floating_point()}
    first = _first_values(case)
    if not case.stream.models and not trained and case.stream.looks:  # by hand: their values are those of the end
        first = {id(leaf): leaf.detach() for leaf in case.stream.looks[0].reached}
        trained, any_moved = set(first), moved(case)
    else:
        any_moved = any(not torch.equal(first[id(p)], p.detach()) for p in case.stream.held if id(p) in first)
    order = _order(case, set(first) & trained)
    if not order or not any_moved:
        return None  # where nothing was ever moved, what is wrong lies elsewhere
    # The last matrix may start at zero, but for the only one that there is, as in a factorisation.
    hidden = order[:-1] or [p for p in order if not _of_torch(owner_of(case, p))]
    stuck = [(p, min(_equal(first[id(p)], axes), _equal(p.detach(), axes))) for p in order if (axes := _axes(case, p))]
    stuck = [(p, share) for p, share in stuck if share >= _SHARE and (_among(p, hidden) or moved(case, [p]))]
    if stuck:
        parameter, share = stuck[0]
        name = case.stream.names.get(id(parameter), "the first matrix")
        layers = len(stuck)
        return Suspicion(
            "zero_or_constant_init",
            0.95,
            f"{share:.0%} of the units of {name} start with the same weights as another and still have them at the "
            "end: they compute the same and learn the same, as one unit would.",
            {"equal_units": share, "layers": layers, "first_std": float(first[id(parameter)].float().std())},
            "Draw the weights at random, as PyTorch's layers do by themselves; only biases may start equal.",
            written_at(case, parameter),
            symptoms=("equal_units",),
            probe=lambda: redraw(case),
            consequences=_FOLLOW,
            certain=True,
        )
    # Noise such as dropout's may have told the units apart since: whether that took too long the probe says.
    started = [p for p in hidden if (axes := _axes(case, p)) and _equal(first[id(p)], axes) >= _SHARE]
    if not started:
        return None
    parameter = started[0]
    constant = any(float(first[id(p)].abs().max()) > 0 for p in started)  # zeros are meant where a branch starts silent
    return Suspicion(
        "zero_or_constant_init",
        case.guessed(0.6) if constant else 0.45,
        f"The units of {case.stream.names.get(id(parameter), 'a hidden layer')} start with equal weights; "
        "only noise can tell them apart.",
        {"layers": len(started), "first_std": float(first[id(parameter)].float().std())},
        "Draw the weights at random, as PyTorch's layers do by themselves; only biases may start equal.",
        written_at(case, parameter),
        probe=lambda: redraw(case),
        consequences=_FOLLOW,
    )


_FOLLOW = (
    "lr_too_low", "too_few_steps", "under_capacity", "vanishing_gradients", "dying_relu", "class_imbalance",
    "lr_too_high", "label_noise",
)  # fmt: skip


def _first_values(case: Case) -> dict[int, Tensor]:
    """Return the value of each parameter before the first step, by its id."""
    found = {id(p): case.seen.first_values[id(p)] for p in case.stream.held if id(p) in case.seen.first_values}
    for model in case.stream.models:
        before = case.seen.copy_of(model, case.stream.passes[0].number)
        if before is not None:
            old = dict(before.named_parameters())
            found |= {id(p): old[name].detach() for name, p in model.named_parameters() if name in old}
    return found


def _order(case: Case, known: set[int]) -> list[Tensor]:
    """Return the matrices that a pass uses, in the order of their first use."""
    found: dict[int, Tensor] = {}
    for look in case.stream.looks[:1]:
        for op in look.ops:
            if op.grad and not isinstance(op.func, nn.Module):
                found |= {id(t): t for t in op.inputs if t.ndim > 1 and id(t) in known and id(t) not in found}
    return list(found.values())


def _among(parameter: Tensor, others: list[Tensor]) -> bool:
    return any(parameter is other for other in others)


def _of_torch(owner: nn.Module | None) -> bool:
    return type(owner).__module__.startswith("torch.nn")


def _axes(case: Case, parameter: Tensor) -> tuple[int, ...]:
    """Return the axes along which a matrix's units may lie: none for what is no layer's weight."""
    owner = owner_of(case, parameter)
    if isinstance(owner, (nn.Embedding, nn.EmbeddingBag)):
        return (1,)
    if _of_torch(owner):
        return (1,) if isinstance(owner, nn.modules.conv._ConvTransposeNd) else (0,)
    return (0, 1) if parameter.ndim == 2 else ()  # by hand: either way round


def _equal(weight: Tensor, axes: tuple[int, ...]) -> float:
    """Return the share of a matrix's units that have an equal, on the axis where that is most."""
    return max(_equal_rows(weight.movedim(axis, 0).flatten(1).float()) for axis in axes)


def _equal_rows(rows: Tensor) -> float:
    if len(rows) < 2:
        return 0.0
    rows = rows[:: max(len(rows) // _ROWS, 1)][:_ROWS]
    if not bool(torch.isfinite(rows).all()):
        return 0.0
    # Not by a product of matrices, which leaves a thousandth between rows that are equal.
    apart = torch.cdist(rows, rows, compute_mode="donot_use_mm_for_euclid_dist")
    apart.fill_diagonal_(math.inf)
    # Rounding drives equal units apart by no more than some hundred thousandths of their size.
    return float((apart.min(1).values <= 1e-4 * float(rows.norm(dim=1).median())).float().mean())


def init_too_large(case: Case) -> Suspicion | None:
    """Weights that multiply what they are given several times over, so that outputs or activations start far out."""
    signals = case.first_signals
    if not case.stream.models:
        return _too_large_by_hand(case)
    if signals is None or case.stream.interleaved:
        return None
    large = [call for call in signals.layers if gain(call) > _GAIN and not _loaded(case, call)]
    if not large:
        return None
    worst = max(large, key=gain)
    saturated = [call.saturated for call in signals.of("activation") if math.isfinite(call.saturated)]
    share = max(saturated, default=0.0)
    trivial = trivial_loss(case)
    # What harm it does shows at once: a first loss above that of a constant guess, or activations at their bounds.
    above = signals.loss / trivial if trivial > 0 else math.nan
    if not (share > 0.3 or above > 2 or not math.isfinite(signals.loss)):
        return None
    times = gain(worst)
    parameter = original(case, worst)
    first = f", the first loss {signals.loss:.3g} where a constant guess has {trivial:.3g}" if above > 2 else ""
    bound = f", and {share:.0%} of an activation's outputs start at its bounds" if share > 0.3 else ""
    return Suspicion(
        "init_too_large",
        0.75 if times > 2 * _GAIN else case.guessed(0.6),
        f"{worst.parameter} starts so large that it multiplies what it is given by {times:.3g}{bound}{first}.",
        {"gain": times, "layers": len(large), "saturated": share, "loss_first": signals.loss, "loss_trivial": trivial},
        "Scale the first weights by the root of a layer's inputs, as nn.init.xavier_uniform_ and kaiming_uniform_ do, "
        "or leave the layers' own initialisation.",
        written_at(case, parameter) if parameter is not None else None,
        symptoms=("saturation",) if share > 0.3 else ("loss_starts_high",),
        probe=lambda: redraw(case),
        consequences=(*_FOLLOW, "exploding_gradients", "overfitting", "clip_too_small", "momentum_too_high"),
    )


def _too_large_by_hand(case: Case) -> Suspicion | None:
    """Judge a loop over bare tensors, which cannot be run again: by what its first pass left on the tape."""
    look = next(iter(case.stream.looks), None)
    if look is None or look.number:
        return None
    leaves = {id(leaf) for leaf in look.reached if leaf.ndim == 2}
    times, worst, share = 0.0, None, 0.0
    for op in look.ops:
        if op.name in BOUNDED and op.outputs:
            share = max(share, saturation(op.name, op.outputs[0]))
        place = next((i for i, given in enumerate(op.inputs) if id(given) in leaves), None)
        if op.name not in ("matmul", "__matmul__", "mm", "linear") or place is None or len(op.inputs) < 2:
            continue
        weight, fed = op.inputs[place], op.inputs[1 - place] if place < 2 else op.inputs[0]
        fan_in = weight.shape[1 if op.name == "linear" or not place else 0]
        by_size = look.weights[id(weight)] / math.sqrt(weight.numel()) * math.sqrt(fan_in)
        by_use = _rms(op.outputs[0]) / max(_rms(fed), 1e-12)
        if min(by_size, by_use) > times:
            times, worst = min(by_size, by_use), op
    if worst is None or times < 2 * _GAIN or share < 0.3:
        return None
    return Suspicion(
        "init_too_large",
        0.75,
        f"A matrix starts so large that it multiplies what it is given by {times:.3g}, and {share:.0%} of an "
        "activation's outputs start at its bounds.",
        {"gain": times, "saturated": share, "loss_first": float(look.loss.detach())},
        "Divide the first weights by the root of the number of a layer's inputs, as in torch.randn(n, m) / n**0.5.",
        _drawn_at(worst.site),
        symptoms=("saturation",),
        consequences=_FOLLOW,
    )


def _drawn_at(used: Site | None) -> Site | None:
    """Return the line at which a script draws from a normal distribution, if it has but one; else that of the use."""
    return (line_with(used.file, r"\brandn\(|\bnormal\(") if used else None) or used


def gain(call: Call) -> float:
    """Return how many times a layer makes what it is given larger, from its weights alone.

    That they stand for the gain holds for inputs that do not conspire with them: at random weights.
    """
    if call.weight is None:
        return float("nan")
    if call.name == "embedding":  # what it is given has no size
        return _rms(call.weight)
    if call.name in RECURRENT:
        return _rms(call.weight) * math.sqrt(call.weight.shape[1])
    by_use = call.size / call.fed if call.fed > 0 else float("nan")
    fan_in = call.weight.shape[0] if "m" in call.name and call.name != "einsum" else math.prod(call.weight.shape[1:])
    return float(np.nanmin([by_use, _rms(call.weight) * math.sqrt(fan_in)]))


def _rms(value: Tensor) -> float:
    return float(value.detach().float().square().mean().sqrt())


def original(case: Case, call: Call) -> Tensor | None:
    """Return the script's parameter of which a call used a copy."""
    return next((p for name, p in case.stream.parameters.items() if name == call.parameter), None)


def _loaded(case: Case, call: Call) -> bool:
    parameter = original(case, call)
    owner = owner_of(case, parameter) if parameter is not None else None
    return owner is not None and case.loaded_before(owner)


def trivial_loss(case: Case) -> float:
    """Return the loss of the best constant prediction; NaN for a loss of which that is not known."""
    y = case.y
    if y is None or not len(y):
        return float("nan")
    if case.loss_name in ("cross_entropy", "nll_loss") and not y.is_floating_point():
        share = y[y >= 0].flatten().bincount().float()
        share = share[share > 0] / share.sum()
        return max(float(-(share * share.log()).sum()), 0.1)
    if case.loss_name == "mse_loss" and y.is_floating_point():
        return float(y.float().var(0, correction=0).mean()) if y.ndim else float("nan")
    if case.loss_name in ("l1_loss", "smooth_l1_loss", "huber_loss") and y.is_floating_point() and y.ndim:
        middle = y.float().median(0, keepdim=True).values.expand(y.shape)
        return float(getattr(F, case.loss_name)(middle, y.float()))
    if case.loss_name.startswith("binary_cross_entropy"):
        p = min(max(float(y.float().mean()), 0.02), 0.98)
        return -p * math.log(p) - (1 - p) * math.log(1 - p)
    return float("nan")
