"""The gradients do not reach the weights: lost, piled up, cut off, or of parameters that nobody updates."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn

from unstuck.doctor.case import Case, Suspicion, Verdict
from unstuck.doctor.probes import changed, replacing
from unstuck.doctor.recording import Look
from unstuck.doctor.rerun import Change
from unstuck.doctor.sources import line_with
from unstuck.doctor.watch.sites import Site
from unstuck.doctor.watch.tape import Op

__all__ = ["JUDGES"]

_NOT_LEARNING = (
    "lr_too_low", "lr_too_high", "too_few_steps", "under_capacity", "vanishing_gradients", "exploding_gradients",
    "momentum_too_high", "weight_decay_too_strong", "dying_relu", "labels_misaligned", "label_noise", "init_too_large",
    "dropout_too_strong", "loss_scale_wrong",
)  # fmt: skip
_CUTTING = frozenset({"detach", "detach_", "data", "numpy", "item", "tolist", "__array__", "argmax", "argmin", "sign",
                      "round", "floor", "__float__"})  # fmt: skip


def missing_zero_grad(case: Case) -> Suspicion | None:
    """Suspect gradients of earlier steps that lie there whenever the first pass of a step begins."""
    stream = case.stream
    held = {id(p) for p in stream.held}
    looks = [look for look in _first_of_steps(case) if look.number != stream.passes[0].number]
    if not stream.optimizer_numbers:
        if not _moved(case):
            return None
        held = {id(leaf) for look in looks for leaf in look.reached}
    stale = [sum(look.stale.get(key, 0.0) > 0 for key in held) / max(len(held), 1) for look in looks]
    if len(stale) < 2 or sum(share > 0.5 for share in stale) < 0.9 * len(stale):
        return None
    before = [sum(look.stale.get(key, 0.0) ** 2 for key in held) ** 0.5 for look in looks]
    after = [sum(look.gradients.get(key, 0.0) ** 2 for key in held) ** 0.5 for look in looks]
    site = stream.passes[0].site
    without_brackets = line_with(site.file, r"\.zero_grad\s*$|\.zero_grad\s*;") if site else None
    return Suspicion(
        "missing_zero_grad",
        0.97,
        f"When a step's backward pass begins, the gradients of the steps before still lie there (norm "
        f"{before[0]:.3g} at first, {before[-1]:.3g} at the end): they pile up.",
        {
            "steps_looked_at": len(looks),
            "stale_norm_first": before[0],
            "stale_norm_last": before[-1],
            "norm_after_backward_last": after[-1],
            "zero_grad_calls": case.seen.counts.get("zero_grad", 0),
        },
        "Call optimizer.zero_grad() once a step, before backward."
        + (" Here the brackets are missing: the method is named, not called." if without_brackets else ""),
        without_brackets or case.seen.sites.get("zero_grad") or site,
        probe=lambda: changed(case, "with the gradients cleared every step", Change(accumulate=False), enough=0.1),
        consequences=_NOT_LEARNING,
        certain=True,
    )


def zero_grad_after_backward(case: Case) -> Suspicion | None:
    """Suspect gradients that were there after a backward pass and are gone when the step comes."""
    stream = case.stream
    if not stream.optimizer_numbers or any(done.inside_step for done in stream.passes[:3]):
        return None
    held = {id(p) for p in stream.held}
    by_step: dict[int, list[Look]] = {}
    for look in case.seen.looks:
        by_step.setdefault(case.seen.passes[look.number].step, []).append(look)
    lost, steps, share, site = 0, 0, 0.0, None
    for step in stream.step_looks:
        numbers = _numbers(case, step.step)
        looks = [look for look in by_step.get(step.step, []) if look.number in numbers]
        if not looks or len(looks) < len(numbers):
            continue
        steps += 1
        had = {key for look in looks for key, norm in look.gradients.items() if norm > 0 and key in held}
        gone = {key for key in had if not step.applied.get(key)}
        for first, second in pairwise(looks):  # cleared between two passes of one step
            if second.number == first.number + 1:
                kept = {key for key in first.gradients if first.gradients[key] > 0 and key in held}
                gone |= {key for key in kept & {id(p) for p in second.reached} if not second.stale.get(key)}
        if had and len(gone) > 0.5 * len(had):
            lost += 1
            share = max(share, len(gone) / len(had))
            for look in looks[1:]:
                site = site or next((event.site for event in look.events if event.name == "zero_grad"), None)
    if steps < 2 or lost < 0.9 * steps:
        return None
    return Suspicion(
        "zero_grad_after_backward",
        0.97,
        f"In {lost} of {steps} steps looked at, {share:.0%} of the gradients were there after backward and gone before "
        "the step used them.",
        {"steps_looked_at": steps, "steps_with_lost_gradients": lost, "share_of_gradients_lost": share},
        "Clear the gradients before backward, or after the step, but not between the two.",
        site or case.seen.sites.get("zero_grad"),
        consequences=(*_NOT_LEARNING, "frozen_parameters", "optimizer_misses_parameters"),
        certain=True,
    )


def missing_optimizer_step(case: Case) -> Suspicion | None:
    """Suspect gradients that no step follows."""
    stream = case.stream
    stepped = {id(p) for optimizer in case.seen.optimizers for g in optimizer.param_groups for p in g["params"]}
    idle = [
        made.thing
        for made in case.seen.made.values()
        if isinstance(made.thing, torch.optim.Optimizer) and not any(made.thing is o for o in case.seen.optimizers)
    ]
    reached = {id(leaf) for look in stream.looks for leaf in look.reached}
    for optimizer in idle:
        mine = [p for group in optimizer.param_groups for p in group["params"]]
        left = [p for p in mine if id(p) in reached and id(p) not in stepped]
        if left and len(stream.passes) > 2 and not _moved(case, left):
            return Suspicion(
                "missing_optimizer_step",
                0.97,
                f"{len(stream.passes)} backward passes gave gradients to {sum(p.numel() for p in left)} parameters "
                f"whose optimiser ({type(optimizer).__name__}) never took a step: they are what they were.",
                {"passes": len(stream.passes), "steps": 0, "parameters_unmoved": sum(p.numel() for p in left)},
                "Call the optimiser's step() after backward.",
                line_with(stream.passes[0].site.file, r"\.step\s*$") if stream.passes[0].site else None,
                consequences=(*_NOT_LEARNING, "optimizer_misses_parameters", "missing_zero_grad", "frozen_parameters"),
                certain=True,
            )
    return None


def optimizer_misses_parameters(case: Case) -> Suspicion | None:
    """Suspect parameters that get gradients, and that no optimiser holds."""
    stream = case.stream
    if not stream.optimizer_numbers or not stream.looks:
        return None
    everywhere = {
        id(p)
        for made in case.seen.made.values()
        if isinstance(made.thing, torch.optim.Optimizer)
        for g in made.thing.param_groups
        for p in g["params"]
    } | {id(p) for o in case.seen.optimizers for g in o.param_groups for p in g["params"]}
    reached = {id(leaf) for look in stream.looks for leaf in look.reached}
    mine = {id(p): p for p in stream.parameters.values()}
    held = {id(p) for p in stream.held}
    none_reached = not (held & reached)
    missed = {
        key: p
        for key, p in mine.items()
        if key in reached and (key not in held if none_reached else key not in everywhere)
    }
    if not missed or (held - set(mine) and not none_reached):  # an image or a latent code is optimised, not the model
        return None
    missed = {key: p for key, p in missed.items() if not _moved(case, [p])}
    if not missed or (not none_reached and _trained_before(case, list(missed.values()))):
        return None
    names = [stream.names[key] for key in missed]
    count = sum(p.numel() for p in missed.values())
    total = sum(p.numel() for p in mine.values())
    site = case.seen.made_at(stream.optimizer)
    return Suspicion(
        "optimizer_misses_parameters",
        0.98 if none_reached else 0.85,
        f"{count} of the {total} parameters that get a gradient ({', '.join(names[:3])}"
        + (" ..." if len(names) > 3 else "")
        + ") are held by no optimiser that steps"
        + (": the optimiser holds another model's." if none_reached else " and never move."),
        {"parameters_missed": count, "parameters": total, "tensors_missed": len(missed)},
        "Make the optimiser after the model that is trained, from that model's parameters()."
        if none_reached
        else "Give the optimiser all parameters that are to learn: model.parameters().",
        site,
        probe=lambda: changed(case, "with an optimiser of all parameters", Change(everything=True), enough=0.1),
        consequences=_NOT_LEARNING,
        certain=True,
    )


def unregistered_parameters(case: Case) -> Suspicion | None:
    """Suspect tensors of the loss that want a gradient, but that no model names and no optimiser holds."""
    stream = case.stream
    if not stream.looks or not stream.models or not stream.optimizer_numbers:
        return None
    held = {id(p) for o in case.seen.optimizers for g in o.param_groups for p in g["params"]}
    named = set(stream.names) | {id(p) for m in stream.models for p in m.parameters()}
    looks = stream.looks
    persistent = set.intersection(*({id(leaf) for leaf in look.reached} for look in (looks[0], looks[-1])))
    given = {t.data_ptr() for done in stream.passes[-1:] for call in done.calls for t in _tensors(call.args)}
    loose = [
        leaf
        for leaf in looks[-1].reached
        if id(leaf) in persistent - held - named and leaf.data_ptr() not in given and not _moved(case, [leaf])
    ]
    if not loose:
        return None
    owners = [
        made
        for made in case.seen.made.values()
        if isinstance(made.thing, nn.Module)
        and any(p is leaf for p in made.thing._parameters.values() for leaf in loose)
    ]
    roots = {id(m) for model in stream.models for m in model.modules()}
    owners = [made for made in owners if id(made.thing) not in roots]
    count = sum(leaf.numel() for leaf in loose)
    what = f"those of {len(owners)} layers ({type(owners[0].thing).__name__})" if owners else "plain tensors"
    return Suspicion(
        "unregistered_parameters",
        0.97 if owners else 0.85,
        f"{count} numbers take part in the loss and get a gradient, but are not in the model's parameters(), which "
        f"name {sum(p.numel() for p in stream.parameters.values())}: {what}. No optimiser holds them, and they never "
        "move.",
        {"numbers_unregistered": count, "layers_unregistered": len(owners), "tensors_unregistered": len(loose)},
        "Keep layers in an nn.ModuleList or nn.ModuleDict, and single tensors in an nn.Parameter, so that the model "
        "finds them.",
        owners[0].site if owners else None,
        consequences=(*_NOT_LEARNING, "optimizer_misses_parameters"),
        certain=True,
    )


def frozen_parameters(case: Case) -> Suspicion | None:
    """Suspect layers that may not learn although nothing was learnt before."""
    stream = case.stream
    if not stream.optimizer_numbers or stream.interleaved:
        return None
    typo = next(
        (m for model in stream.models for m in model.modules() if isinstance(m.__dict__.get("requires_grad"), bool)),
        None,
    )
    frozen = {
        name: p for name, p in stream.parameters.items() if not p.requires_grad and p.ndim > 1 and p.is_floating_point()
    }
    meant = {id(p) for p in typo.parameters()} if typo is not None else set()
    frozen = {name: p for name, p in frozen.items() if id(p) in meant or not _moved(case, [p])}
    whole = [m for m in stream.models if not any(p.requires_grad for p in m.parameters())]
    kept = {id(p) for m in whole for p in m.parameters()}
    frozen = {name: p for name, p in frozen.items() if id(p) not in kept}
    if not frozen:
        return None
    taken_over = {
        id(p)
        for model in stream.models
        for m in model.modules()
        if id(m) in case.seen.loaded
        for p in m._parameters.values()
        if p is not None
    }
    on_purpose = all(id(p) in taken_over for p in frozen.values()) or _trained_before(case, list(frozen.values()))
    if on_purpose and typo is None:
        return None
    count = sum(p.numel() for p in frozen.values())
    total = sum(p.numel() for p in stream.parameters.values())
    site = stream.passes[0].site
    where: Site | None = None
    if site is not None:
        where = line_with(site.file, r"\.requires_grad\s*=\s*True") if typo is not None else None
        where = where or line_with(site.file, r"requires_grad\s*=\s*False|requires_grad_\(False\)")
    return Suspicion(
        "frozen_parameters",
        0.95 if typo is not None else 0.75,
        f"{count} of {total} parameters ({', '.join(list(frozen)[:3])}{' ...' if len(frozen) > 3 else ''}) have "
        "requires_grad=False and stay at their "
        + (
            "values: requires_grad was set on a module, where it has no effect."
            if typo is not None
            else "first, random values."
        ),
        {"parameters_frozen": count, "parameters": total, "share_frozen": count / max(total, 1)},
        "Use module.requires_grad_(True), which reaches the parameters."
        if typo is not None
        else "Leave requires_grad True for layers that are to learn; freeze only what was trained before.",
        where,
        probe=lambda: changed(case, "with every layer learning", Change(model=_thawed, everything=True), enough=0.15),
        consequences=_NOT_LEARNING,
        certain=typo is not None,
    )


def detached_graph(case: Case) -> Suspicion | None:
    """Suspect parameters that are used on the way to the loss, want a gradient, and get none."""
    stream = case.stream
    if not stream.looks or not stream.models:
        return None
    ops = case.pass_ops
    reached = {id(leaf) for look in case.seen.looks for leaf in look.reached}  # by whichever loss
    used = {id(t) for op in ops for t in op.inputs if t.is_leaf and t.requires_grad}
    held = {id(p) for p in stream.held}
    cut = {key: name for key, name in stream.names.items() if key in used - reached and (key in held or not held)}
    cuts = [op for op in ops if op.name in _CUTTING and any(t.requires_grad for t in op.inputs)]
    blind = [op for op in ops if not op.grad and any(id(t) in cut for t in op.inputs)]
    if cut:
        count = sum(p.numel() for name, p in stream.parameters.items() if name in cut.values())
        op = blind[0] if blind else _last_before_end(cuts)
        how = "torch.no_grad" if blind else (op.name if op else "")
        site = _no_grad_line(op) if blind and op else (op.site if op else case.loss_site)
        return Suspicion(
            "detached_graph",
            0.95,
            f"{count} parameters ({', '.join(list(cut.values())[:3])}{' ...' if len(cut) > 3 else ''}) are used in the "
            f"forward pass and get no gradient: {'the graph is cut by ' + how if how else 'the graph is cut'}.",
            {"parameters_cut_off": count, "tensors_cut_off": len(cut), "tensors_reached": len(reached)},
            f"Take {how or 'the cut'} out of what leads to the loss; detach what is logged, or meant as a constant.",
            site,
            probe=lambda: _uncut(case, how) if how in ("detach", "data") else None,
            consequences=(
                *_NOT_LEARNING,
                "frozen_parameters",
                "optimizer_misses_parameters",
                "unregistered_parameters",
            ),
            certain=True,
        )
    repeated = _repeated_cut(ops, cuts)
    if repeated is None:
        return None
    op, times = repeated
    return Suspicion(
        "detached_graph",
        0.6,
        f"The state is detached {times} times on its way through one forward pass: the gradient goes back one step of "
        "the sequence only, and nothing is learnt across steps.",
        {"detached_in_a_pass": times},
        "Detach a state between batches, if at all, not between the steps of one sequence.",
        op.site,
        probe=lambda: _uncut(case, op.name),
        consequences=_NOT_LEARNING,
    )


# -- what the judges have in common -----------------------------------------------------------------------------------


def _tensors(value: object) -> list[Tensor]:
    return [t for t in value if isinstance(t, Tensor)] if isinstance(value, (tuple, list)) else []


def _first_of_steps(case: Case) -> list[Look]:
    """Return the looks at passes that are the first after a step of the stream's optimiser, or after any pass."""
    passes = case.seen.passes
    return [
        look
        for look in case.stream.looks
        if look.number == 0
        or not case.stream.optimizer_numbers
        or passes[look.number - 1].step != passes[look.number].step
    ]


def _numbers(case: Case, step: int) -> set[int]:
    """Return the numbers of the passes that a step follows."""
    return {done.number for done in case.stream.passes if done.step == step} | {
        done.number for other in case.stream.others for done in other.passes if done.step == step
    }


def _moved(case: Case, parameters: list[Tensor] | None = None) -> bool:
    """Whether one of some parameters, by default those of the models, is not what it was before the first pass."""
    firsts: dict[int, Tensor] = dict(case.seen.first_values)
    for model in case.stream.models:
        initial = case.seen.copy_of(model, case.stream.passes[0].number)
        if initial is not None:
            copies = dict(initial.named_parameters())
            firsts.update((id(p), copies[name].detach()) for name, p in model.named_parameters() if name in copies)
    wanted = parameters if parameters is not None else [p for m in case.stream.models for p in m.parameters()]
    return any(id(p) in firsts and not torch.equal(firsts[id(p)], p.detach()) for p in wanted)


def _trained_before(case: Case, parameters: list[Tensor]) -> bool:
    """Whether most of some parameters were learnt or loaded earlier: then they are left alone on purpose."""
    start = case.stream.passes[0].number
    earlier = {id(p) for other in case.stream.others if other.passes[0].number < start for p in other.held}
    loaded = {
        id(p)
        for made in case.seen.made.values()
        if id(made.thing) in case.seen.loaded and isinstance(made.thing, nn.Module)
        for p in made.thing._parameters.values()
        if p is not None
    }
    return sum(id(p) in earlier | loaded for p in parameters) > 0.5 * len(parameters)


def _thawed(models: dict[int, nn.Module]) -> dict[int, nn.Module]:
    for model in models.values():
        model.requires_grad_(True)
    return models


def _last_before_end(cuts: list[Op]) -> Op | None:
    return cuts[0] if cuts else None


def _no_grad_line(op: Op) -> Site | None:
    """Return the line that switches gradients off, if the file has but one; else that of the call."""
    if op.site is None:
        return None
    return line_with(op.site.file, r"no_grad|inference_mode|set_grad_enabled\(False\)") or op.site


def _repeated_cut(ops: list[Op], cuts: list[Op]) -> tuple[Op, int] | None:
    """Return a detach that is made at one line several times in a pass, and whose result is used again in it."""
    used = {id(t) for op in ops for t in op.inputs}
    by_line: dict[Site | None, list[Op]] = {}
    for op in cuts:
        if op.name in ("detach", "data") and any(id(out) in used for out in op.outputs):
            by_line.setdefault(op.site, []).append(op)
    most = max(by_line.values(), key=len, default=[])
    return (most[0], len(most)) if len(most) >= 3 else None


def _uncut(case: Case, name: str) -> Verdict | None:
    return changed(case, f"without {name}", Change(mode=replacing({name: lambda tensor, *_: tensor})), enough=0.15)


JUDGES: dict[str, Callable[[Case], Suspicion | None]] = {
    "missing_zero_grad": missing_zero_grad,
    "zero_grad_after_backward": zero_grad_after_backward,
    "missing_optimizer_step": missing_optimizer_step,
    "optimizer_misses_parameters": optimizer_misses_parameters,
    "unregistered_parameters": unregistered_parameters,
    "frozen_parameters": frozen_parameters,
    "detached_graph": detached_graph,
}
