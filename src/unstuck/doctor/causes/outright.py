"""What needs no stream of passes to be judged: a script that raised, or that steps without a single backward pass."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

from torch import Tensor, nn

from unstuck.doctor.case import Suspicion
from unstuck.doctor.recording import Recording, StepLook
from unstuck.doctor.sources import line_with
from unstuck.doctor.watch.sites import Site
from unstuck.doctor.watch.tape import Op

__all__ = ["OUTRIGHT"]


def missing_backward(seen: Recording) -> Suspicion | None:
    """Suspect steps that no backward pass comes before."""
    for number, rates in enumerate(seen.lrs):
        looks = [look for look in seen.step_looks if look.optimizer == number]
        if len(rates) < 2 or not looks or _given_by_hand(looks):
            continue
        if any(look.passes for look in looks) and not _left_out(seen, number, looks):
            continue
        moved = max((norm for look in looks for norm in look.moved.values()), default=0.0)
        site = seen.sites.get("step")
        return Suspicion(
            "missing_backward",
            0.98,
            f"{len(rates)} steps were taken and no backward pass for them came before any: there was no gradient to "
            f"follow, and the weights moved by {moved:.2g}.",
            {"steps": len(rates), "passes": len(seen.passes), "weights_moved": moved},
            "Call loss.backward() before the step.",
            (line_with(site.file, r"\.backward\s*$") or site) if site else None,
            consequences=("detached_graph",),
            certain=True,
        )
    return None


def _left_out(seen: Recording, number: int, looks: list[StepLook]) -> bool:
    """Whether one optimiser of several never had a gradient, though its model was asked for what a loss is made of."""
    mine = {id(p) for group in seen.optimizers[number].param_groups for p in group["params"]}
    if any(any(look.applied.values()) for look in looks):
        return False
    if any(id(leaf) in mine for look in seen.looks for leaf in look.reached):
        return False
    asked = [call.module for call in seen.evaluations if call.grad][-3:]
    asked += [call.module for done in seen.passes[-3:] for call in done.calls]
    return any(any(id(p) in mine for p in module.parameters()) for module in asked)


def _given_by_hand(looks: list[StepLook]) -> bool:
    """Whether each step is given gradients of its own: torch.autograd.grad and torch.func.grad return them."""
    norms = [[norm for norm in look.applied.values() if norm] for look in looks]
    return all(norms) and all(a != b for a, b in pairwise(norms))


def label_out_of_bounds(seen: Recording) -> Suspicion | None:
    """Suspect the class indices where a loss refused one."""
    if seen.error is None or not re.search(r"Target -?\d+ is out of bounds|assert.*t < n_classes", str(seen.error)):
        return None
    evidence: dict[str, float | int] = {}
    what, site = "", None
    if seen.raised is not None:
        _, args, site = seen.raised
        tensors = [value for value in args if isinstance(value, Tensor)]
        if len(tensors) > 1 and tensors[0].ndim > 1:
            classes, target = tensors[0].shape[1], tensors[1]
            evidence = {"classes": classes, "target_min": int(target.min()), "target_max": int(target.max())}
            what = (
                f": the model has {classes} outputs, and the labels run from {int(target.min())} to {int(target.max())}"
            )
    return Suspicion(
        "label_index_error",
        0.98,
        f"The loss was given a class index that does not exist{what}.",
        evidence,
        "Code the classes from 0 to one less than the number of outputs, or give the model an output for each.",
        site,
        certain=True,
    )


def nothing_to_differentiate(seen: Recording) -> Suspicion | None:
    """Suspect a cut graph, or frozen weights, where backward found nothing to go back through."""
    if seen.error is None or "does not require grad" not in str(seen.error):
        return None
    ops = seen.failed.ops if seen.failed is not None else []
    models = {id(op.func): op.func for op in ops if isinstance(op.func, nn.Module)}
    parameters = [p for model in models.values() for p in model.parameters()]
    if parameters and not any(p.requires_grad for p in parameters):
        site = next((op.site for op in ops if op.site), None)
        return Suspicion(
            "frozen_parameters",
            0.95,
            f"None of the {sum(p.numel() for p in parameters)} parameters of the model has requires_grad: backward "
            "finds nothing to differentiate.",
            {"parameters": sum(p.numel() for p in parameters), "trainable_parameters": 0},
            "Leave requires_grad True for the layers that are to learn.",
            line_with(site.file, r"requires_grad\s*=\s*False|requires_grad_\(False\)") if site else None,
            certain=True,
        )
    cut, how = _cut(ops)
    return Suspicion(
        "detached_graph",
        0.95,
        "The loss has no graph: nothing leads from it back to the weights"
        + (f", since {how} cuts it." if how else "."),
        {"functions_since_the_pass_before": len(ops)},
        f"Take {how or 'what cuts the graph'} out of what leads to the loss.",
        cut,
        certain=True,
    )


def nothing_to_optimise(seen: Recording) -> Suspicion | None:
    """Suspect layers that the model does not find where an optimiser was given no parameters."""
    if seen.error is None or "empty parameter list" not in str(seen.error):
        return None
    layers = [made for made in seen.made.values() if isinstance(made.thing, nn.Module) and made.thing._parameters]
    count = sum(p.numel() for made in layers for p in made.thing._parameters.values() if p is not None)
    return Suspicion(
        "unregistered_parameters",
        0.95 if layers else 0.7,
        f"The optimiser was given no parameters, while {len(layers)} layers with {count} parameters were made.",
        {"layers": len(layers), "parameters": count},
        "Keep layers in an nn.ModuleList or nn.ModuleDict, and single tensors in an nn.Parameter.",
        layers[0].site if layers else None,
        certain=True,
    )


def batch_of_one(seen: Recording) -> Suspicion | None:
    """Suspect batches of one sample where batch normalisation refused one."""
    if seen.error is None or "more than 1 value per channel" not in str(seen.error):
        return None
    sizes = [
        call.loss.target.shape[0] for done in seen.passes for call in done.calls if call.loss and call.loss.target.ndim
    ]
    return Suspicion(
        "batch_norm_tiny_batch",
        0.95,
        "Batch normalisation was given one value per channel: a batch of a single sample has no variance.",
        {"batches_before": len(sizes)},
        "Use drop_last=True or larger batches, or a normalisation that does not look across samples, as LayerNorm.",
        next((made.site for made in seen.made.values() if "BatchNorm" in type(made.thing).__name__), None),
        certain=True,
    )


def _cut(ops: list[Op]) -> tuple[Site | None, str]:
    """Return the line that cuts the graph, and by what."""
    for op in ops:
        if any(t.is_leaf and t.requires_grad for t in op.inputs) and not op.grad:
            return op.site, "torch.no_grad"
    for op in ops:
        if any(t.requires_grad for t in op.inputs) and not any(t.requires_grad for t in op.outputs):
            return op.site, op.name
    return None, ""


OUTRIGHT: tuple[Callable[[Recording], Suspicion | None], ...] = (
    missing_backward,
    label_out_of_bounds,
    nothing_to_differentiate,
    nothing_to_optimise,
    batch_of_one,
)
