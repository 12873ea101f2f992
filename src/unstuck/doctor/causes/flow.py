"""The signal on its way through the layers: it fades, or it grows."""

from __future__ import annotations

import math
from collections import Counter

from torch import Tensor, nn

from unstuck.doctor.case import Case, Suspicion, Verdict
from unstuck.doctor.causes.start import gain, original, trivial_loss
from unstuck.doctor.places import owner_of, written_at
from unstuck.doctor.probes import lifted
from unstuck.doctor.remakes import levelled
from unstuck.doctor.rerun import Change
from unstuck.doctor.signals import Call, Signals
from unstuck.doctor.sources import line_of_choice
from unstuck.doctor.watch.sites import Site

__all__ = ["exploding_gradients", "made_by", "vanishing_gradients"]

_DEEP = 4  # layers: in fewer, nothing has the depth to vanish
# Eight layers of ReLU with PyTorch's own initialisation, which train, let a thousandth through.
_FAINT = 1e-3
_BURST = 1e4  # times, through depth or time: no start that was meant
_LOST = 100.0  # times as high as a constant guess a first loss lies that nothing else explains
_GROWN = 100.0
_SHUT = 0.8  # of a layer's units, that are zero for every input
_STEPS = 8  # calls of a layer in a pass, that make it a cell's
_LITTLE = 0.25  # of the way from knowing nothing to a perfect score
_NOTHING = 1e-8  # of the gradient at the last step: the first might as well not be there
_FITTED = 0.9  # R squared of a fit whose rest may still be large against the noise


def _depth(signals: Signals) -> list[Call]:
    """Return the layers with weights in the order of the pass, each once, with the gradient of its last call."""
    found = {call.parameter: call for call in signals.layers if call.name != "embedding"}
    return [call for call in found.values() if math.isfinite(call.delta)]


def _level(case: Case, branches: int = 1) -> Verdict | None:
    """Rerun with every layer's output centred and scaled before the first step; smaller where many are added up."""
    again = case.rerun
    if again is None:
        return None
    size = branches**-0.5

    def level(models: dict[int, nn.Module]) -> None:
        levelled(again, models, size)

    name = f"with every layer's output scaled to {'one' if branches == 1 else f'{size:.2g}'} at the start"
    train = case.scores[0]
    fine = train is not None and train.kind == "r2" and train.value > _FITTED  # then most of what is left must go
    return lifted(case, name, Change(model=level), *((0.6, 0.005) if fine else ()))


def vanishing_gradients(case: Case) -> Suspicion | None:
    """Early layers, or early steps of a sequence, receive next to no gradient."""
    signals = case.first_signals
    if signals is None or case.stream.interleaved:
        return None
    return _faint_through_time(case, signals) or _faint_through_depth(case, signals)


def _faint_through_depth(case: Case, signals: Signals) -> Suspicion | None:
    layers = _depth(signals)
    if len(layers) > _DEEP and layers[1].delta < layers[0].delta:
        layers = layers[1:]  # the first may lie beside the others, as the wide part of a wide and deep network
    if len(layers) < _DEEP or layers[-1].delta <= 0:
        return None
    if not bool(layers[-1].weight is None or layers[-1].weight.abs().max() > 0):
        return None  # a last layer of zeros, on purpose: the gradient comes after its first step
    ratio = layers[0].delta / layers[-1].delta
    if ratio >= _FAINT or any(_shut(call) for call in signals.of("activation")):
        return None  # through units that are zero for every input nothing passes, of whatever size the weights
    smallest = min(layers[:-1], key=gain)
    small = gain(smallest) < 0.4  # PyTorch's own layers start at 0.58
    bounded = next((c for c in signals.of("activation") if math.isfinite(c.saturated)), None)
    if small:
        what, where = "weights so small that each layer makes the signal fainter", _written(case, smallest)
        fix = "Draw the weights with nn.init.kaiming_normal_ before ReLU, or xavier_uniform_ before tanh."
    elif bounded is not None:
        what, where = (
            f"a {bounded.name.rstrip('_')} after each layer",
            _in_turn(case, signals) or made_by(case, bounded),
        )
        fix = "Use ReLU with He's initialisation, normalisation between the layers, or residual connections."
    else:
        what, where = f"{len(layers)} layers in a row", _in_turn(case, signals) or _written(case, layers[0])
        fix = "Use He's initialisation, normalisation between the layers, or residual connections."
    return Suspicion(
        "vanishing_gradients",
        0.8 if ratio < 1e-5 else case.guessed(0.65),
        f"With {what}, {layers[0].parameter} receives {ratio:.1e} of the gradient that {layers[-1].parameter} does.",
        {"ratio": ratio, "layers": len(layers), "spread_last": layers[-1].spread, "gain_smallest": gain(smallest)},
        fix,
        where,
        symptoms=("early_layers_do_not_learn",),
        probe=lambda: _level(case),
        consequences=_FOLLOW,
    )


def _in_turn(case: Case, signals: Signals) -> Site | None:
    """Return the line that sends the signal through one layer and a function after it, and the next, and so on."""
    sites = Counter(call.site for call in signals.of("activation") if made_by(case, call) == call.site)
    return next((site for site, calls in sites.items() if calls >= _DEEP), None)


def _shut(call: Call) -> bool:
    return call.silent is not None and float(call.silent.float().mean()) > _SHUT


_FOLLOW = (
    "lr_too_low", "too_few_steps", "under_capacity", "dying_relu", "class_imbalance", "label_noise", "lr_too_high",
    "weight_decay_too_strong", "dropout_too_strong",
)  # fmt: skip


def _faint_through_time(case: Case, signals: Signals) -> Suspicion | None:
    """Find a recurrent layer whose first inputs get no gradient, in a run that learns little."""
    found = _time(signals)
    if found is None:
        return None
    call, first, last = found
    train = case.scores[0]
    if last <= 0 or first / last >= 1e-4 or train is None:  # a gated layer over some tens of steps keeps a thousandth
        return None
    little = train.skill <= _LITTLE  # else what it learnt it did not need the first steps for; a probe is to tell
    if not little and first / last >= _NOTHING:
        return None

    def probe() -> Verdict | None:
        for verdict in (_level(case) if little else None, _handed_on(case, signals)):
            if verdict is not None and verdict.confirmed:
                return verdict
        return None  # a cell may need gates, not only weights

    return Suspicion(
        "vanishing_gradients",
        0.6 if little else case.guessed(0.49),
        f"The first steps of a sequence receive {first / last:.1e} of the gradient of its last ones, and the run ends "
        f"at {train} where knowing nothing has {train.chance:.2f}.",
        {"ratio": first / last, "score": train.value, "chance": train.chance},
        "Use an LSTM or a GRU, start the recurrent weights orthogonal, or read out more than the last step.",
        _written(case, call),
        symptoms=("early_steps_do_not_learn",),
        probe=probe,
        consequences=_FOLLOW,
    )


def _handed_on(case: Case, signals: Signals) -> Verdict | None:
    """Rerun with weights from step to step that are the identity at the start, so that a state is handed on.

    References
    ----------
    Q. V. Le, N. Jaitly and G. E. Hinton, "A Simple Way to Initialize Recurrent Networks of Rectified Linear Units",
    arXiv 1504.00941.
    """
    again, calls = case.rerun, Counter(call.parameter for call in signals.layers)
    square = [id(p) for name, p in case.stream.parameters.items() if calls[name] >= _STEPS and _square(p)]
    if again is None or not square:
        return None

    def identity(models: dict[int, nn.Module]) -> None:
        parameters = again.parameters_for(models)
        for key in square:
            nn.init.eye_(parameters[key])

    return lifted(case, "with the identity from step to step at the start", Change(model=identity))


def _time(signals: Signals) -> tuple[Call, float, float] | None:
    """Return the recurrent layer, and the gradients at its first and its last steps."""
    for call in signals.layers:
        if len(call.through_time) == 2:
            return call, call.through_time[0], call.through_time[1]
    calls: dict[str, list[Call]] = {}
    for call in signals.layers:
        calls.setdefault(call.parameter, []).append(call)
    steps = max(calls.values(), key=lambda each: (len(each), _square(each[0].weight)), default=[])
    if len(steps) >= _STEPS and math.isfinite(steps[0].delta):  # a cell in a loop by hand
        finite = [step.delta for step in steps if math.isfinite(step.delta)]
        return steps[0], finite[0], finite[-1]
    return None


def _square(weight: Tensor | None) -> bool:
    return weight is not None and weight.ndim == 2 and weight.shape[0] == weight.shape[1]


def exploding_gradients(case: Case) -> Suspicion | None:
    """Gradients that grow on their way through depth or time."""
    signals = case.first_signals
    if signals is None or case.stream.interleaved:
        return None
    layers, found = _depth(signals), _time(signals)
    through_time = found[1] / found[2] if found and found[2] > 0 else 0.0
    backwards = layers[0].delta / layers[-1].delta if len(layers) >= _DEEP and layers[-1].delta > 0 else 0.0
    forwards = layers[-1].spread / layers[0].spread if len(layers) >= _DEEP and layers[0].spread > 0 else 0.0
    ends = not math.isfinite(signals.loss) or not all(math.isfinite(call.delta) for call in layers)
    if found is not None and ended(case) and not case.seen.clips and through_time <= _GROWN:
        return _burst(case, found[0])
    grown = max(through_time, backwards, forwards)
    trivial = trivial_loss(case)
    if not case.loss_name and case.rerun is not None and case.rerun.program.by_distance and case.y is not None:
        spread = float(case.y.float().std(correction=0))
        trivial = max(spread, spread**2)  # of squares or not
    above = signals.loss / trivial if math.isfinite(trivial) and trivial > 0 else 0.0
    # The more harm shows in the first loss, the less growth explains it; outputs of branches grow less than their sum.
    least = _GROWN / 20 if above > 5 and len(layers) >= 2 * _DEEP else _GROWN / 5 if above > 3 else _GROWN
    if not (grown > least or (ends and len(layers) >= _DEEP)):
        return None
    branches = 1
    if through_time > _GROWN and found is not None:
        how = "from the last step of a sequence to its first"
        where, fix = _residual_line(case) or _recurrent_line(case, found[0]), (
            "Start the recurrent weights orthogonal (nn.init.orthogonal_), use an LSTM or a GRU, and clip the norm of "
            "the gradient."
        )  # fmt: skip
    else:
        how = f"through {len(layers)} layers"
        residual = _residual_line(case)
        branches = len(layers) if residual is not None else 1
        where = residual or _written(case, max(layers[:-1], key=gain))
        fix = (
            "Normalise between the layers (LayerNorm, BatchNorm), or scale the residual branches and the weights down."
        )
    certain = above > _LOST and (grown > _BURST or (grown > 10 * _GROWN and above > 10 * _LOST))
    return Suspicion(
        "exploding_gradients",
        0.9 if certain else 0.75 if grown > _BURST or ends else case.guessed(0.72 if above > 3 else 0.6),
        f"The signal grows {grown:.3g} times {how} with the first weights; the first loss is {signals.loss:.3g}.",
        {"through_time": through_time, "backwards": backwards, "forwards": forwards, "loss_first": signals.loss},
        fix,
        where,
        symptoms=("loss_spikes",),
        probe=lambda: _level(case, branches),
        consequences=(*_FOLLOW, "momentum_too_high", "clip_too_small", "init_too_large"),
        certain=certain,
    )


def ended(case: Case) -> bool:
    """Whether the loss was lost to NaN or infinity on the way."""
    return len(case.losses) > 1 and math.isfinite(case.losses[0]) and not math.isfinite(case.losses[-1])


def _burst(case: Case, call: Call) -> Suspicion:
    """Suspect a recurrent layer whose gradients burst on the way, though the first weights keep their size."""
    lost = next(step for step, loss in enumerate(case.losses) if not math.isfinite(loss))

    def probe() -> Verdict | None:
        clipped, slower = (
            case.gain(name, change)
            for name, change in (
                ("with the gradients' norm clipped to 1", Change(bound=1.0)),
                ("with the rate / 10", Change(lr=0.1)),
            )
        )
        if clipped is None:
            return None
        before, after = clipped[1], clipped[2].value
        better = slower is None or not slower[2].value >= after
        tried = f"with the gradients' norm clipped to 1: {before} -> {after:.2f} after {case.probe_steps} steps"
        return Verdict(clipped[0] > 0.3 and better, tried)

    return Suspicion(
        "exploding_gradients",
        0.72,
        f"After {lost} sound steps through a recurrent layer the loss is no longer finite, and no gradient is clipped: "
        "one long step through the weights from step to step is enough.",
        {"steps_before": lost},
        "Clip the gradients' norm (nn.utils.clip_grad_norm_), and start the recurrent weights orthogonal; an LSTM or a "
        "GRU holds the state in bounds.",
        _recurrent_line(case, call),
        symptoms=("loss_not_finite",),
        probe=probe,
        consequences=(*_FOLLOW, "momentum_too_high", "clip_too_small", "init_too_large"),
    )


def _written(case: Case, call: Call) -> Site | None:
    parameter = original(case, call)
    return written_at(case, parameter) if parameter is not None else call.site


def _recurrent_line(case: Case, call: Call) -> Site | None:
    """Return the line that set the weights from step to step, which are the second matrix of a layer."""
    parameter = original(case, call)
    owner = owner_of(case, parameter) if parameter is not None else None
    own = [p for name, p in owner.named_parameters(recurse=False) if "hh" in name and p.ndim > 1] if owner else []
    return written_at(case, own[0]) if own else _written(case, call)


def _residual_line(case: Case) -> Site | None:
    """Return the line that adds a layer's output to its input, where a pass does so several times."""
    look = case.stream.looks[0]
    sums = [
        op
        for op in look.ops
        if op.grad and op.name in ("add", "__add__", "__iadd__", "add_") and op.modules and len(op.inputs) == 2
        and op.inputs[0].shape == op.inputs[1].shape and not any(t.is_leaf for t in op.inputs)
    ]  # fmt: skip
    return sums[0].site if len(sums) > 2 else None


def made_by(case: Case, call: Call) -> Site | None:
    """Return the line that made an activation, or that calls it."""
    if call.modules and case.stream.models:
        module = dict(case.stream.models[0].named_modules()).get(call.modules[-1])
        if module is not None and not list(module.children()) and not list(module.parameters()):
            return line_of_choice(case.seen.made_at(module), type(module).__name__) or call.site
    return call.site
