"""Noise that a layer adds in training, too much of it: dropout, and statistics of a few samples."""

from __future__ import annotations

import numpy as np
from torch import nn
from torch.utils.data import DataLoader

from unstuck.doctor.case import Case, Suspicion
from unstuck.doctor.causes.modes import DROPOUT_MODULES, as_it_is
from unstuck.doctor.probes import lifted, replacing
from unstuck.doctor.rerun import Change
from unstuck.doctor.signals import DROPOUTS, Call, Signals
from unstuck.doctor.sources import line_of_setting, line_with
from unstuck.doctor.watch.sites import Site

__all__ = ["batch_norm_tiny_batch", "dropout_too_strong"]

_TINY = 4  # values of a channel: the mean of so few is off by half a standard deviation


def _dropouts(signals: Signals) -> list[Call]:
    return [call for call in signals.of("dropout") if call.settings["training"] and call.settings["p"] > 0]


def dropout_too_strong(case: Case) -> Suspicion | None:
    """Dropout that lets too little through for anything to be learnt from it."""
    signals = case.first_signals
    if signals is None or case.stream.interleaved:
        return None
    used = _dropouts(signals)
    modules = [module for model in case.stream.models for module in model.modules()]
    inner = [module for module in modules if isinstance(module, nn.RNNBase) and module.dropout >= 0.65]
    if not used and not inner:
        return None
    strongest = max(used, key=lambda call: call.settings["p"], default=None)
    p = strongest.settings["p"] if strongest is not None else inner[0].dropout
    left = float(np.prod([1 - call.settings["p"] for call in used])) if used else 1 - p
    # One layer at a half, or two, are what the method's authors use; what is left after more is less than a fifth.
    if p < 0.65 and left > 0.2 and not (p >= 0.5 and strongest is not None and not _before(signals, strongest)):
        return None
    name = next((name for name, module in _modules(case, strongest)), "") if strongest is not None else ""
    made = next((case.seen.made_at(module) for _, module in _modules(case, strongest)), None) if strongest else None
    where = line_of_setting(made or (strongest.site if strongest else None), ("drop", "p=", "p ="), p)
    return Suspicion(
        "dropout_too_strong",
        case.guessed(0.6),
        f"Dropout with p = {p:g}{f' ({name})' if name else ''} leaves {left:.0%} of what enters it to the loss.",
        {"p": p, "left": left, "layers": len(used)},
        "Lower p: 0.1 to 0.5 after wide layers, less on inputs and on narrow ones.",
        where or (case.seen.made_at(inner[0]) if inner else None),
        probe=lambda: lifted(case, "without dropout", _without_dropout(), 0.3, 0.03),
        consequences=(
            "too_few_steps",
            "under_capacity",
            "lr_too_low",
            "lr_too_high",
            "dying_relu",
            "vanishing_gradients",
        ),
    )


def _modules(case: Case, call: Call | None) -> list[tuple[str, nn.Module]]:
    """Return the module of dropout inside which a call was made, with its name."""
    if call is None or not call.modules:
        return []
    for model in case.stream.models:
        module = dict(model.named_modules()).get(call.modules[-1])
        if isinstance(module, DROPOUT_MODULES):
            return [(call.modules[-1], module)]
    return []


def _before(signals: Signals, call: Call) -> bool:
    """Say whether a layer comes before a call: that it does not act on the inputs themselves."""
    place = signals.calls.index(call)
    return any(other.kind == "layer" and other.name != "embedding" for other in signals.calls[:place])


def _without_dropout() -> Change:
    def off(models: dict[int, nn.Module]) -> None:
        for model in models.values():
            for module in model.modules():
                if isinstance(module, (nn.RNNBase, nn.MultiheadAttention)):
                    module.dropout = 0.0

    return Change(model=off, mode=replacing(dict.fromkeys(DROPOUTS, as_it_is)))


def _batching_line(case: Case, samples: int) -> Site | None:
    """Return the line that says how large a batch is: the loader's, or the only one that cuts the data up."""
    loaders = [made for made in case.seen.made.values() if isinstance(made.thing, DataLoader)]
    for made in loaders:
        if made.thing.batch_size == samples:
            return line_of_setting(made.site, ("batch",), samples)
    site = case.stream.passes[0].site
    return line_with(site.file, r"\.split\(|range\(.*,.*,") if site and not loaders else None


def batch_norm_tiny_batch(case: Case) -> Suspicion | None:
    """Batch statistics over one, two or a few samples."""
    signals = case.first_signals
    if signals is None or case.stream.interleaved:
        return None
    norms = [c for c in signals.of("norm") if c.name == "batch_norm" and c.settings and c.settings["training"]]
    if not norms:
        return None
    few = min(norms, key=lambda call: call.settings["values"])
    values, samples = few.settings["values"], few.settings["samples"]
    rows = [len(x) for x in case.inputs if x.ndim] or [int(samples)]
    if values > _TINY and samples > 2:
        return None
    if float(np.median(rows)) > 1.5 * samples:
        return None  # the first batch only was so small

    def layers(models: dict[int, nn.Module]) -> None:
        for model in models.values():
            for owner in list(model.modules()):
                for key, child in list(owner._modules.items()):
                    if isinstance(child, nn.modules.batchnorm._BatchNorm):
                        owner._modules[key] = nn.GroupNorm(1, child.num_features)

    return Suspicion(
        "batch_norm_tiny_batch",
        0.85 if values <= 2 else case.guessed(0.6),
        f"Batch normalisation takes its mean and variance from {values:.0f} values of each channel, of {samples:.0f} "
        f"sample{'s' if samples > 1 else ''}: they are noise, and in evaluation it uses others.",
        {"values_per_channel": values, "batch_size": samples, "layers": len(norms)},
        "Use larger batches, or GroupNorm or LayerNorm, which do not look across samples.",
        _batching_line(case, int(samples)) or few.site,
        symptoms=("train_eval_gap",),
        probe=lambda: lifted(case, "with group normalisation in its place", Change(model=layers), 0.2),
        consequences=("lr_too_high", "too_few_steps", "under_capacity", "wrong_train_eval_mode", "momentum_too_high"),
        certain=values <= 2,
    )
