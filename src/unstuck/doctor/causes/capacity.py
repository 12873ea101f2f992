"""Too little to represent the data with."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from unstuck.doctor.case import Case, Suspicion, Verdict
from unstuck.doctor.given import given_to
from unstuck.doctor.places import owner_of
from unstuck.doctor.remakes import sums
from unstuck.doctor.rerun import Change, Tried
from unstuck.doctor.scores import Score
from unstuck.doctor.signals import ACTIVATIONS, RECURRENT
from unstuck.doctor.sources import line_of_setting
from unstuck.doctor.watch.losses import NUMBER_LOSSES
from unstuck.doctor.watch.sites import Site

__all__ = ["DONE", "plateau", "under_capacity"]

_BENDING = frozenset({
    "gelu", "silu", "elu", "leaky_relu", "softplus", "mish", "selu", "celu", "prelu", "hardswish", "sin", "cos", "exp",
    "pow", "square", "abs", "softmax", "max_pool1d", "max_pool2d", "mul", "__mul__", "__pow__",
    "scaled_dot_product_attention", "multi_head_attention_forward",
})  # fmt: skip
DONE = {"accuracy": 0.95, "auc": 0.985, "r2": 0.9}  # scores that leave too little room to tell a lift from luck
_CODED = 0.75
_NARROWEST = 4  # units
_WIDTH_NAMES = ("hidden", "width", "units", "channels", "dim", "size", "features")
_CLOSE = 0.985  # R squared of a fit with nothing left: the rest of a coarse one may be large against the noise
_STILL, _SLOW = 0.1, 0.3  # shares of the fall of the loss in the last third of a run
_COPIES = 4  # times the width: twice is within what a lucky draw of the weights does


def plateau(case: Case) -> float:
    """Return what share of all that the loss fell it fell in the last third: next to nothing on a plateau."""
    losses = case.losses
    if len(losses) < 12:
        return 1.0
    part = max(len(losses) // 6, 2)
    start = float(losses[: max(len(losses) // 50, 1)].mean())
    middle, end = losses[-2 * part - part // 2 : -part - part // 2], losses[-part:]
    fallen, late = start - float(end.mean()), float(middle.mean() - end.mean())
    if abs(late) < 2 * math.hypot(float(middle.std()), float(end.std())) / math.sqrt(part):
        return 0.0  # within the noise of the batches
    return late / fallen if fallen > 0 and math.isfinite(fallen) else 1.0


def under_capacity(case: Case) -> Suspicion | None:
    """Training and evaluation stand still together below what a wider or deeper model reaches."""
    train, evaluated = case.scores
    if train is None or case.rerun is None or case.stream.interleaved or not math.isfinite(train.value):
        return None
    coded = _own_target(case)  # the code of an autoencoder is narrow on purpose
    narrow, line = _narrowest(case)
    outputs = case.given[-1].shape[1] if case.given and case.given[-1].ndim > 1 else 1
    # Through fewer units than there are classes a run goes on to improve, slowly, without getting there.
    slow = _SLOW if not coded and 0 < narrow < outputs else _STILL
    if train.value > (_CODED if coded else _enough(train)) or plateau(case) > slow:
        return None  # nothing to lift, or not done yet
    if evaluated is not None and evaluated.value > _enough(evaluated):
        return None  # as with mixed or noisy training samples
    # One that fits what it was trained on better than anything else is not short of capacity; one that does better on
    # what it was not trained on has something wrong with the samples, or with what is added to them.
    if evaluated is not None and not -0.1 < train.value - evaluated.value < 0.5 * (1 - train.value) + 0.05:
        return None
    if train.kind == "r2" and train.value < -0.5:
        return None  # the outputs are no estimates of the targets: this score says nothing of them
    if not _sound_inputs(case) or not _measures(case, train) or _mostly_frozen(case):
        return None
    parameters = sum(p.numel() for p in case.stream.parameters.values())
    if evaluated is None and not 0 < narrow <= _NARROWEST and 2 * parameters > len(given_to(case).all_keys):
        return None  # a model of about as many numbers as samples: what a larger one adds is learnt by heart
    bent = _bends(case)
    reference = _reference(case) if not bent or 0 < narrow <= _NARROWEST else None
    return Suspicion(
        "under_capacity",
        # A model that is linear is proof of what it cannot do; that a larger one does better is what other causes,
        # undone by the way, look like too, so that they come first.
        0.49 if not bent and reference is not None else 0.44,
        f"Training stands still at {train}"
        + (f", evaluation at {evaluated.value:.2f}" if evaluated is not None else "")
        + (f", with {parameters} parameters" if bent else ": no activation stands between the layers")
        + (f"; the narrowest layer has {narrow} units." if bent and narrow else "."),
        {"train": train.value, "parameters": parameters, "narrowest": narrow}
        | ({"evaluation": evaluated.value} if evaluated is not None else {}),
        "Use more units or layers" + ("." if bent else ", with an activation between them."),
        line,
        probe=lambda: _bigger(case, train, evaluated, reference),
        consequences=("too_few_steps", "lr_too_low", "label_noise"),
    )


def _enough(score: Score) -> float:
    return _CLOSE if score.kind == "r2" else DONE[score.kind]


def _measures(case: Case, score: Score) -> bool:
    """Say whether the score is of what the loss asks for: outputs close to targets that stand in the data."""
    program = case.rerun.program if case.rerun is not None else None
    if program is None or case.targets_of_a_model:
        return False
    if score.kind == "auc":
        return case.loss_name not in NUMBER_LOSSES
    if score.kind == "r2" and not case.loss_name:  # a loss by hand: of angles, say, a distance tells nothing
        return program.by_distance
    return True


def _mostly_frozen(case: Case) -> bool:
    """Say whether most of the model does not learn: then it is not for want of units that another does better."""
    sizes = [(p.numel(), p.requires_grad) for p in case.stream.parameters.values()]
    return sum(size for size, learns in sizes if not learns) > 0.5 * sum(size for size, _ in sizes)


def _own_target(case: Case) -> bool:
    """Say whether what the loss compares with is the input itself."""
    program = case.rerun.program if case.rerun is not None else None
    return program is not None and any(program.outside.get(key, ("",))[0] == "call" for key in program.targets)


def _sound_inputs(case: Case) -> bool:
    """Say whether the inputs are near unit scale: far from it, that is what a larger model makes up for."""
    x = case.x
    return x is None or not x.is_floating_point() or 0.02 < float(x.float().square().mean().sqrt()) < 8


def _bends(case: Case) -> bool:
    """Say whether a function that is not linear stands between two layers."""
    signals = case.first_signals
    if signals is None:
        return True
    layers = [i for i, call in enumerate(signals.calls) if call.kind == "layer"]
    of_weights = [i for i in layers if signals.calls[i].parameter]
    layers = of_weights if len(of_weights) > 1 else layers  # weights may be turned round before they are multiplied
    if any(signals.calls[i].name in RECURRENT for i in layers):
        return True
    known = {call.name for call in signals.calls[layers[0] : layers[-1]]} if len(layers) > 1 else set()
    if known & ACTIVATIONS:
        return True
    look = case.stream.looks[0]
    inside = {op.name for op in look.ops if op.modules and op.grad and any(t.requires_grad for t in op.inputs)}
    return bool(inside & _BENDING) and len(layers) > 1


def _narrowest(case: Case) -> tuple[int, Site | None]:
    """Return the fewest outputs of a layer before the last, and the line that made it."""
    signals = case.first_signals
    layers = [c for c in signals.layers if c.weight is not None] if signals else []
    if not layers:
        return 0, None
    inner, last = layers[:-1] or layers, layers[-1].weight
    sizes = [c.weight.shape[1 if c.name == "embedding" else 0] // _gates(c.name) for c in inner if c.weight is not None]
    while len(sizes) > 1 and last is not None and last.ndim == 2 and len(last) == sizes[-1] != last.shape[1]:
        sizes.pop()  # one beside the last, to whose output its own is added
    place = min(range(len(sizes)), key=sizes.__getitem__)
    parameter = case.stream.parameters.get(inner[place].parameter)
    owner = owner_of(case, parameter) if parameter is not None else None
    made = case.seen.made_at(owner) if owner is not None else None
    return (sizes[place] if len(layers) > 1 else 0), line_of_setting(made, _WIDTH_NAMES, sizes[place])


def _gates(name: str) -> int:
    return {"lstm": 4, "gru": 3}.get(name.removesuffix("_cell"), 1)


class _Reference(nn.Module):
    """Two hidden layers of ReLU, for any input of one tensor of numbers."""

    def __init__(self, x: Tensor, out: Tensor) -> None:
        super().__init__()
        self.shape = out.shape[1:]
        self.layers = nn.Sequential(
            nn.Flatten(1) if x.ndim > 1 else nn.Unflatten(0, (-1, 1)),
            nn.Linear(max(math.prod(x.shape[1:]), 1), 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(),
            nn.Linear(128, max(math.prod(self.shape), 1)),
        ).to(x)  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layers(x).reshape(len(x), *self.shape)
        return out


def _reference(case: Case) -> Change | None:
    """Return the change to a plain network of two hidden layers, where the model maps one tensor to another."""
    again = case.rerun
    call = case.stream.passes[-1].calls[0] if case.stream.passes and case.stream.passes[-1].calls else None
    if again is None or call is None or len(case.stream.models) != 1 or not isinstance(call.output, Tensor):
        return None
    given = call.given
    if len(given) != 1 or not given[0].is_floating_point() or not case.inputs or call.output.ndim > 2:
        return None
    x, out = case.inputs[0], call.output
    made: list[nn.Module] = []

    def other(models: dict[int, nn.Module]) -> dict[int, nn.Module]:
        made[:] = [_Reference(x, out)]
        return dict.fromkeys(models, made[0])

    return Change(
        model=other, optimizer=lambda _: torch.optim.Adam(made[0].parameters(), lr=2e-3), constant_lr=True, clip=False
    )


def _bigger(case: Case, train: Score, evaluated: Score | None, reference: Change | None) -> Verdict | None:
    """Try the model several times as wide, or a plain network for a linear one: it must lift both scores."""
    again = case.rerun
    if again is None:
        return None
    if reference is not None:  # a sum of linear models is linear, and one of the narrowest little more than they are
        name, change = "with a network of two hidden layers of 128 in its place", reference
    else:
        copies = _COPIES if _narrowest(case)[0] > 8 else 2 * _COPIES
        name, change = f"with the outputs of {copies} such models added", sums(again, copies)
    tried = case.try_out(name, change)
    return None if tried is None else _compared(tried, train, evaluated, name)


def _compared(tried: Tried, train: Score, evaluated: Score | None, name: str) -> Verdict | None:
    if tried.train is None:
        return None
    pairs = [(train, tried.train)] + ([(evaluated, tried.evaluation)] if evaluated and tried.evaluation else [])
    shares: list[float] = []
    for old, new in pairs:
        rise = new.value - old.value
        fine = old.kind == "r2" and old.value > DONE["r2"]  # then most of what is left must go
        least = 0.015 if old.kind == "auc" else 0.01 if fine else 0.03
        shares.append(rise / max(1 - old.value, 1e-6) / (2 if fine else 1) if rise > least else 0.0)
    before, after = pairs[-1]
    return Verdict(min(shares) > 0.3, f"{name}: {before} -> {after.value:.2f}", {"train_larger": tried.train.value})
