"""Whether weights moved, and what they were before: asked by several judges."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from unstuck.doctor.case import Case

__all__ = ["NOT_LEARNING", "moved", "trained_before"]

NOT_LEARNING = (
    "lr_too_low", "lr_too_high", "too_few_steps", "under_capacity", "vanishing_gradients", "exploding_gradients",
    "momentum_too_high", "weight_decay_too_strong", "dying_relu", "labels_misaligned", "label_noise", "init_too_large",
    "dropout_too_strong", "loss_scale_wrong",
)  # fmt: skip
"""What a run looks like some of whose weights do not learn."""


def moved(case: Case, parameters: list[Tensor] | None = None) -> bool:
    """Whether one of some parameters, by default those of the models, is not what it was before the first pass.

    Without a model they are the tensors that the passes reach, of which only the norms are known.
    """
    looks = case.stream.looks
    if not case.stream.models and parameters is None and looks:
        first, last = looks[0].weights, looks[-1].weights
        return any(first[key] != last[key] for key in first.keys() & last.keys())
    firsts: dict[int, Tensor] = dict(case.seen.first_values)
    for model in case.stream.models:
        initial = case.seen.copy_of(model, case.stream.passes[0].number)
        if initial is not None:
            copies = dict(initial.named_parameters())
            firsts.update((id(p), copies[name].detach()) for name, p in model.named_parameters() if name in copies)
    wanted = parameters if parameters is not None else [p for m in case.stream.models for p in m.parameters()]
    return any(id(p) in firsts and not torch.equal(firsts[id(p)], p.detach()) for p in wanted)


def trained_before(case: Case, parameters: list[Tensor]) -> bool:
    """Whether most of some parameters were learnt or loaded earlier: then they are left alone on purpose."""
    start = case.stream.passes[0].number
    others = [p for other in case.stream.others if other.passes[0].number < start for p in other.held]
    earlier = {id(p) for p in others}
    loaded = {
        id(p)
        for made in case.seen.made.values()
        if isinstance(made.thing, nn.Module) and case.loaded_before(made.thing)
        for p in made.thing._parameters.values()
        if p is not None
    }
    known = sum(id(p) in earlier | loaded or _copied(p, others) for p in parameters)
    return known > 0.5 * len(parameters)


def _copied(parameter: Tensor, others: list[Tensor]) -> bool:
    """Whether a parameter has the very values of another one, as in a copy of a model that was trained."""
    return any(parameter.shape == other.shape and torch.equal(parameter.detach(), other.detach()) for other in others)
