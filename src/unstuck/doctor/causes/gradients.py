"""The gradients do not become steps: piled up, cleared too early, cut off on their way back, or followed by none."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch

from unstuck.doctor.case import Case, Suspicion, Verdict
from unstuck.doctor.causes.weights import NOT_LEARNING, moved
from unstuck.doctor.probes import changed, replacing
from unstuck.doctor.recording import Look, StepLook
from unstuck.doctor.rerun import Change
from unstuck.doctor.sources import line_with
from unstuck.doctor.watch.sites import Site
from unstuck.doctor.watch.tape import Op

__all__ = ["JUDGES"]

_CUTTING = frozenset({"detach", "detach_", "data", "numpy", "item", "tolist", "__array__", "argmax", "argmin", "sign",
                      "round", "floor", "__float__"})  # fmt: skip


def missing_zero_grad(case: Case) -> Suspicion | None:
    """Suspect gradients of earlier steps that lie there whenever the first pass of a step begins."""
    stream = case.stream
    held = {id(p) for p in stream.held}
    looks = [look for look in _first_of_steps(case) if look.number != stream.passes[0].number]
    if not stream.optimizer_numbers:
        if not moved(case):
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
        consequences=NOT_LEARNING,
        certain=True,
    )


def zero_grad_after_backward(case: Case) -> Suspicion | None:
    """Suspect gradients that were there after a backward pass and are gone when the step comes."""
    stream = case.stream
    if not stream.optimizer_numbers or any(done.inside_step for done in stream.passes[:3]):
        return None
    # Of several optimisers that step after the same passes, gradients may be cleared between the one and the other.
    counted = [_cleared(case, [s for s in stream.step_looks if s.optimizer == n]) for n in stream.optimizer_numbers]
    lost, steps, share, site = max(counted, key=lambda found: found[0] / max(found[1], 1))
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
        consequences=(*NOT_LEARNING, "frozen_parameters", "optimizer_misses_parameters"),
        certain=True,
    )


def _cleared(case: Case, steps_looked_at: list[StepLook]) -> tuple[int, int, float, Site | None]:
    """Return in how many of an optimiser's steps gradients were lost, of how many, and what share and where at most."""
    held = {id(p) for p in case.stream.held}
    by_number = {look.number: look for look in case.seen.looks}
    before: dict[int, list[int]] = {}  # the numbers of the passes, by how many steps came before them
    for one in (case.stream, *case.stream.others):
        for done in one.passes:
            before.setdefault(done.step, []).append(done.number)
    lost, steps, share, site = 0, 0, 0.0, None
    for step in steps_looked_at:
        # A second optimiser's step follows the passes that the first one's followed.
        numbers = sorted(before.get(max((n for n in before if n <= step.step), default=-1), ()))
        looks = [by_number[number] for number in numbers if number in by_number]
        if not looks or len(looks) < len(numbers):
            continue
        steps += 1
        had = {key for look in looks for key, norm in look.gradients.items() if norm > 0 and key in held}
        had &= set(step.applied)  # another optimiser may hold the others
        gone = {key for key in had if not step.applied.get(key)}
        for first, second in pairwise(looks):  # cleared between two passes of one step
            if second.number == first.number + 1 and not _moved_between(first, second):
                kept = {key for key in first.gradients if first.gradients[key] > 0 and key in held}
                gone |= {key for key in kept & {id(p) for p in second.reached} if not second.stale.get(key)}
        if had and len(gone) > 0.5 * len(had):
            lost += 1
            share = max(share, len(gone) / len(had))
            for look in looks[1:]:
                site = site or next((event.site for event in look.events if event.name == "zero_grad"), None)
    return lost, steps, share, site


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
        if left and len(stream.passes) > 2 and not moved(case, left):
            backward = stream.passes[0].site
            without_brackets = line_with(backward.file, r"\.step\s*$") if backward else None
            return Suspicion(
                "missing_optimizer_step",
                0.97,
                f"{len(stream.passes)} backward passes gave gradients to {sum(p.numel() for p in left)} parameters "
                f"whose optimiser ({type(optimizer).__name__}) never took a step: they are what they were.",
                {"passes": len(stream.passes), "steps": 0, "parameters_unmoved": sum(p.numel() for p in left)},
                "Call the optimiser's step() after backward.",
                without_brackets or case.seen.sites.get("step") or backward,  # beside another optimiser's step
                consequences=(*NOT_LEARNING, "optimizer_misses_parameters", "missing_zero_grad", "frozen_parameters"),
                certain=True,
            )
    return None


def detached_graph(case: Case) -> Suspicion | None:
    """Suspect parameters that are used on the way to the loss, want a gradient, and get none."""
    stream = case.stream
    if not stream.looks:
        return None
    names = stream.names or {id(p): f"the optimiser's tensor {i + 1}" for i, p in enumerate(stream.held)}
    ops = case.pass_ops if stream.models else [op for op in case.pass_ops if op.grad]
    reached = {id(leaf) for look in case.seen.looks for leaf in look.reached}  # by whichever loss
    used = {id(t) for op in ops for t in op.inputs if t.is_leaf and t.requires_grad}
    held = {id(p) for p in stream.held}
    cut = {key: name for key, name in names.items() if key in used - reached and (key in held or not held)}
    cuts = [op for op in ops if op.name in _CUTTING and any(t.requires_grad for t in op.inputs)]
    blind = [op for op in ops if not op.grad and any(id(t) in cut for t in op.inputs)]
    if cut:
        sizes = {id(p): p.numel() for p in (*stream.parameters.values(), *stream.held) if id(p) in cut}
        count = sum(sizes.values())
        op = next(iter(blind or cuts), None)
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
                *NOT_LEARNING,
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
        consequences=NOT_LEARNING,
    )


# -- what the judges have in common -----------------------------------------------------------------------------------


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


def _moved_between(first: Look, second: Look) -> bool:
    """Whether most weights changed from a pass to the next with no optimiser's step: the gradients were put to use.

    Sharpness-aware minimisation climbs along those of a first pass, clears them, and descends along those of a second.
    """
    both = first.weights.keys() & second.weights.keys()
    return sum(first.weights[key] != second.weights[key] for key in both) > 0.5 * len(both)


def _no_grad_line(op: Op) -> Site | None:
    """Return the line that switches gradients off, if the file has but one; else that of the call."""
    if op.site is None:
        return None
    return line_with(op.site.file, r"no_grad|inference_mode|set_grad_enabled\(False\)") or op.site


def _repeated_cut(ops: list[Op], cuts: list[Op]) -> tuple[Op, int] | None:
    """Return a detach that is made at one line several times in a pass, and whose result is used again in it.

    What is made a leaf of its own again is a sample that is moved along its own gradient, and no state.
    """
    used = {id(t) for op in ops for t in op.inputs}
    by_line: dict[Site | None, list[Op]] = {}
    for op in cuts:
        if op.name in ("detach", "data") and any(id(out) in used and not out.requires_grad for out in op.outputs):
            by_line.setdefault(op.site, []).append(op)
    most = max(by_line.values(), key=len, default=[])
    return (most[0], len(most)) if len(most) >= 3 else None


def _uncut(case: Case, name: str) -> Verdict | None:
    return changed(case, f"without {name}", Change(mode=replacing({name: lambda tensor, *_: tensor})), enough=0.15)


JUDGES: dict[str, Callable[[Case], Suspicion | None]] = {
    "missing_zero_grad": missing_zero_grad,
    "zero_grad_after_backward": zero_grad_after_backward,
    "missing_optimizer_step": missing_optimizer_step,
    "detached_graph": detached_graph,
}
