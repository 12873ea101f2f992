"""Some parameters are nobody's: not the optimiser's, not the model's, or frozen."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches

import torch
from torch import Tensor, nn

from unstuck.doctor.case import Case, Suspicion, Verdict
from unstuck.doctor.causes.weights import NOT_LEARNING, moved, trained_before
from unstuck.doctor.places import owner_of
from unstuck.doctor.probes import by_loss, changed, cured
from unstuck.doctor.rerun import Change
from unstuck.doctor.sources import line_of_condition, line_with
from unstuck.doctor.watch.sites import Site

__all__ = ["JUDGES"]

_LONG = 1000  # entries of a list: more, and it is of samples
_FREEZES = re.compile(r"requires_grad\s*=\s*False|requires_grad_\(False\)")


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
    names = {id(p): name for name, p in stream.parameters.items()}
    apart = _of_modules_apart(case)
    listed = {id(p) for module in _kept_in_lists(case) for p in module.parameters()}
    mine = {id(p): p for p in (*stream.parameters.values(), *(p for _, p in apart.values())) if id(p) not in listed}
    held = {id(p) for p in stream.held}
    none_reached = not (held & reached)
    missed = {
        key: p
        for key, p in mine.items()
        if key in reached and (key not in held if none_reached else key not in everywhere)
    }
    if not missed or (held & reached) - set(mine):  # an image or a latent code is optimised, not the model
        return None
    first, last = stream.looks[0].weights, stream.looks[-1].weights  # a script may move what it calls by no name
    missed = {key: p for key, p in missed.items() if not moved(case, [p]) and first.get(key) == last.get(key)}
    if not missed or (not none_reached and trained_before(case, list(missed.values()))):
        return None
    missing = [names[key] if key in names else apart[key][0] for key in missed]
    count = sum(p.numel() for p in missed.values())
    total = sum(p.numel() for p in mine.values())
    made = case.seen.made_at(stream.optimizer)
    site = made if none_reached else line_of_condition(made) or made
    everything = Change(everything=True, accumulate=False)  # what nobody clears piles up
    return Suspicion(
        "optimizer_misses_parameters",
        0.98 if none_reached else 0.85,
        f"{count} of the {total} parameters that get a gradient ({', '.join(missing[:3])}"
        + (" ..." if len(missing) > 3 else "")
        + ") are held by no optimiser that steps"
        + (": the optimiser holds another model's." if none_reached else " and never move."),
        {"parameters_missed": count, "parameters": total, "tensors_missed": len(missed)},
        "Make the optimiser after the model that is trained, from that model's parameters()."
        if none_reached
        else "Give the optimiser all parameters that are to learn: model.parameters().",
        site,
        probe=lambda: changed(case, "with an optimiser of all parameters", everything, enough=0.1),
        consequences=NOT_LEARNING,
        certain=True,
    )


def unregistered_parameters(case: Case) -> Suspicion | None:
    """Suspect tensors of the loss that want a gradient, but that no model names and no optimiser holds."""
    stream = case.stream
    if not stream.looks or not stream.models or not stream.optimizer_numbers:
        return None
    held = {id(p) for o in case.seen.optimizers for g in o.param_groups for p in g["params"]}
    named = set(stream.names) | {id(p) for m in stream.models for p in m.parameters()}
    named |= set(_of_modules_apart(case))
    listed = _kept_in_lists(case)
    named -= {id(p) for module in listed for p in module.parameters()}
    looks = stream.looks
    persistent = set.intersection(*({id(leaf) for leaf in look.reached} for look in (looks[0], looks[-1])))
    ops = [op for look in case.seen.looks for op in look.ops]
    given = {id(t) for op in ops if isinstance(op.func, nn.Module) for t in op.inputs}  # an input's gradient
    loose = [
        leaf for leaf in looks[-1].reached if id(leaf) in persistent - held - named - given and not moved(case, [leaf])
    ]
    if not looks[-1].ops:  # what models are given is not known, as in a closure
        loose = [leaf for leaf in loose if isinstance(leaf, nn.Parameter)]
    anew = [] if loose else _made_anew(case, held | named)
    loose = loose or anew
    if not loose or trained_before(case, loose):
        return None
    owners = [
        made
        for made in case.seen.made.values()
        if isinstance(made.thing, nn.Module)
        and any(p is leaf for p in made.thing._parameters.values() for leaf in loose)
    ]
    roots = {id(m) for model in stream.models for m in model.modules()}
    roots -= {id(m) for module in listed for m in module.modules()}
    owners = [made for made in owners if id(made.thing) not in roots]
    count = sum(leaf.numel() for leaf in loose)
    known = sum(p.numel() for p in stream.parameters.values() if id(p) in named)
    what = f"those of {len(owners)} layers ({type(owners[0].thing).__name__})" if owners else "plain tensors"
    return Suspicion(
        "unregistered_parameters",
        0.97 if owners else 0.85,
        f"{count} numbers take part in the loss and get a gradient, but are not in the model's parameters(), which "
        f"name {known}: {what}. No optimiser holds them, and they "
        + ("are made anew, at random, in every pass." if anew else "never move."),
        {"numbers_unregistered": count, "layers_unregistered": len(owners), "tensors_unregistered": len(loose)},
        "Make the layer once, in the model's __init__, and only call it in forward."
        if anew
        else "Keep layers in an nn.ModuleList or nn.ModuleDict, and single tensors in an nn.Parameter, so that the "
        "model finds them.",
        _line_of_list(case, listed) or (owners[0].site if owners else None),
        consequences=(*NOT_LEARNING, "optimizer_misses_parameters"),
        certain=True,
    )


def _of_modules_apart(case: Case) -> dict[int, tuple[str, Tensor]]:
    """Return the parameters of modules that are no part of a called model, nor kept in a list or dict of another.

    Their methods are used rather than themselves, as those of a conditional random field on top of a network.
    Layers that are made anew in every pass are none of them.
    """
    if "apart" not in case.known:
        inside = {id(part) for module in _made(case) for part in module.modules() if part is not module}
        inside |= {id(part) for model in case.stream.models for part in model.modules()}
        inside |= {id(part) for part in _kept_in_lists(case)}
        looks = case.stream.looks
        lasting = {id(p) for p in looks[0].reached} & {id(p) for p in looks[-1].reached}
        case.known["apart"] = {
            id(p): (f"{type(module).__name__}.{name}", p)
            for module in _made(case)
            if id(module) not in inside
            for name, p in module.named_parameters()
            if id(p) in lasting
        }
    return case.known["apart"]  # type: ignore[no-any-return]


def _kept_in_lists(case: Case) -> list[nn.Module]:
    """Return the modules that another one keeps in a plain list, tuple or dict, where it does not name them."""
    if "listed" not in case.known:
        made = _made(case)
        named = {id(part) for module in made for part in module.modules() if part is not module}
        kept = [part for module in made for value in vars(module).values() for part in _modules_in(value)]
        case.known["listed"] = [part for part in kept if id(part) not in named]
    return case.known["listed"]  # type: ignore[no-any-return]


def _line_of_list(case: Case, listed: list[nn.Module]) -> Site | None:
    """Return the line that gives a module the list of others, or else the one that makes the first of these."""
    ids = {id(module) for module in listed}
    first = next((made.site for made in case.seen.made.values() if id(made.thing) in ids), None)
    names = {
        name
        for module in _made(case)
        for name, value in vars(module).items()
        if any(id(part) in ids for part in _modules_in(value))
    }
    given = [line_with(first.file, rf"\bself\.{name}\s*(:[^=]*)?=(?!=)") for name in names] if first else []
    return next(iter(given), None) or first


def _made(case: Case) -> list[nn.Module]:
    return [made.thing for made in case.seen.made.values() if isinstance(made.thing, nn.Module)]


def _modules_in(value: object, deep: int = 2) -> Iterator[nn.Module]:
    """Yield the modules in a list, a tuple or a dict, or in those that lie in it."""
    if not isinstance(value, (list, tuple, dict)) or len(value) > _LONG:
        return
    for one in value.values() if isinstance(value, dict) else value:
        if isinstance(one, nn.Module):
            yield one
        elif deep > 1:
            yield from _modules_in(one, deep - 1)


def _made_anew(case: Case, known: set[int]) -> list[Tensor]:
    """Return the parameters of the last look that nobody holds, where every look has others: layers made in forward."""
    looks = [
        [leaf for leaf in look.reached if isinstance(leaf, nn.Parameter) and id(leaf) not in known]
        for look in case.stream.looks
    ]
    ids = [id(leaf) for leaves in looks for leaf in leaves]
    return list(looks[-1]) if len(looks) > 2 and all(looks) and len(set(ids)) == len(ids) else []


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
    misspelt = next((name for p in frozen.values() for name in vars(p) if _is_like_requires_grad(name)), "")
    meant = {id(p) for p in typo.parameters()} if typo is not None else set()
    meant |= {id(p) for p in frozen.values() if misspelt in vars(p)}
    frozen = {name: p for name, p in frozen.items() if id(p) in meant or not moved(case, [p])}
    whole = [m for m in stream.models if not any(p.requires_grad for p in m.parameters())]
    kept = {id(p) for m in whole for p in m.parameters()}
    kept |= {id(p) for m in _frozen_by_themselves(case) for p in m.parameters()}
    frozen = {name: p for name, p in frozen.items() if id(p) not in kept or id(p) in meant}
    if not frozen:
        return None
    taken_over = {
        id(p)
        for model in stream.models
        for m in model.modules()
        if case.loaded_before(m)
        for p in m._parameters.values()
        if p is not None
    }
    on_purpose = all(id(p) in taken_over for p in frozen.values()) or trained_before(case, list(frozen.values()))
    certain = typo is not None or bool(misspelt)
    if on_purpose and not certain:
        return None
    count = sum(p.numel() for p in frozen.values())
    total = sum(p.numel() for p in stream.parameters.values())
    site = stream.passes[0].site
    where: Site | None = None
    if site is not None:
        name = misspelt or "requires_grad"
        where = line_with(site.file, rf"\.{name}\s*=\s*True") if certain else None
        where = where or line_with(site.file, _FREEZES.pattern)
    if where is None and (owner := owner_of(case, next(iter(frozen.values())))) is not None:
        where = case.seen.made_at(owner)  # as by Embedding.from_pretrained
    return Suspicion(
        "frozen_parameters",
        0.95 if certain else 0.75,
        f"{count} of {total} parameters ({', '.join(list(frozen)[:3])}{' ...' if len(frozen) > 3 else ''}) have "
        "requires_grad=False and stay at their "
        + (
            f"values: what was set is {misspelt}, which PyTorch knows nothing of."
            if misspelt
            else "values: requires_grad was set on a module, where it has no effect."
            if typo is not None
            else "first, random values."
        ),
        {"parameters_frozen": count, "parameters": total, "share_frozen": count / max(total, 1)},
        "Use module.requires_grad_(True), which reaches the parameters."
        if certain
        else "Leave requires_grad True for layers that are to learn; freeze only what was trained before.",
        where,
        probe=lambda: _learning(case, Change(model=_thawed, everything=True)),
        consequences=NOT_LEARNING,
        certain=certain,
    )


# -- what the judges have in common -----------------------------------------------------------------------------------


def _learning(case: Case, change: Change) -> Verdict | None:
    """Rerun with every layer learning; a run that is good already gains too little for it to be a cure."""
    name = "with every layer learning"
    return cured(case, name, change, enough=0.15, least=0.015, errors=1.0) or by_loss(case, name, change)


def _frozen_by_themselves(case: Case) -> list[nn.Module]:
    """Return the modules whose own ``__init__`` freezes all that is in them: features that are random on purpose."""
    found = []
    for model in case.stream.models:
        for module in model.modules():
            parameters = list(module.parameters())
            ours = not type(module).__module__.startswith("torch.")
            if not ours or not parameters or any(p.requires_grad for p in parameters):
                continue
            made = vars(type(module)).get("__init__")
            try:
                text = inspect.getsource(made) if made is not None else ""
            except (OSError, TypeError):
                continue
            if _FREEZES.search(text):
                found.append(module)
    return found


def _is_like_requires_grad(name: str) -> bool:
    return name != "requires_grad" and bool(get_close_matches(name, ["requires_grad"], cutoff=0.85))


def _thawed(models: dict[int, nn.Module]) -> dict[int, nn.Module]:
    for model in models.values():
        model.requires_grad_(True)
    return models


JUDGES: dict[str, Callable[[Case], Suspicion | None]] = {
    "optimizer_misses_parameters": optimizer_misses_parameters,
    "unregistered_parameters": unregistered_parameters,
    "frozen_parameters": frozen_parameters,
}
