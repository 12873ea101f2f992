"""One module or tensor that stands where several were meant."""

from __future__ import annotations

from torch import nn

from unstuck.doctor.case import Case, Suspicion, Verdict
from unstuck.doctor.causes.capacity import DONE
from unstuck.doctor.places import owner_of
from unstuck.doctor.probes import lifted
from unstuck.doctor.remakes import separated, untied
from unstuck.doctor.rerun import Rerun
from unstuck.doctor.signals import listen
from unstuck.doctor.watch.sites import Site
from unstuck.doctor.watch.tape import Op

__all__ = ["shared_parameters_by_accident"]


def shared_parameters_by_accident(case: Case) -> Suspicion | None:
    """One module or tensor in several places where several were meant."""
    again = case.rerun
    if again is None or case.stream.interleaved or not case.stream.models:
        return None
    listed = _listed_twice(case.stream.models[0])
    # What has two names but is called once is only listed in two ways, as when layers are put into a list as well.
    counts = {name: count for name, count in _counted(again, list(listed)).items() if count > 1} if listed else {}
    if counts:
        name = next(iter(counts))
        places = listed[name]
        total = sum(p.numel() for p in case.stream.models[0].get_submodule(name).parameters())
        return Suspicion(
            "shared_parameters_by_accident",
            0.75 if _in_list(case, places) else 0.5,  # two towers of one network have two names on purpose
            f"{' and '.join(places[:2])}{' and so on' if len(places) > 2 else ''} are one and the same module: "
            f"{len(places)} places share {total} parameters.",
            {"places": len(places), "parameters": total},
            "Make a module for each place: [make() for _ in range(n)], where [make()] * n repeats one.",
            _listing_line(case, name, places),
            probe=lambda: _apart(case, again, counts),
            consequences=_FOLLOW,
        )
    tied = _tied_alike(case.stream.models[0])
    if tied:
        names, parameter = next(iter(tied.values()))
        owner = owner_of(case, parameter)
        return Suspicion(
            "shared_parameters_by_accident",
            0.6,
            f"{' and '.join(names[:2])} are one and the same tensor, in layers of the same kind.",
            {"places": len(names), "parameters": parameter.numel()},
            "Give each layer weights of its own; copy.deepcopy copies them, an assignment and copy.copy do not.",
            case.seen.made_at(owner) if owner is not None else None,
            probe=lambda: lifted(case, "with weights of its own for each layer", separated(again, tied), 0.2),
            consequences=_FOLLOW,
        )
    reused = _named_twice(case)
    if not reused:
        return None
    counts = {name: count for name, count in _counted(again, list(reused)).items() if count > 1}
    if not counts:
        return None
    name, site = next((name, site) for name, site in reused.items() if name in counts)
    return Suspicion(
        "shared_parameters_by_accident",
        0.45,
        f"{name} is used {counts[name]} times in a pass, on its own output, from more than one line: the places share "
        "its parameters.",
        {"places": counts[name]},
        "Make a module for each place, unless they are to be the same on purpose.",
        site,
        probe=lambda: lifted(case, "with a module of its own in each place", untied(again, counts), 0.3, 0.04),
        consequences=_FOLLOW,
    )


def _apart(case: Case, again: Rerun, counts: dict[str, int]) -> Verdict | None:
    """Give each place a module of its own; where that does not help a run that learns little, it says nothing."""
    several = len(again.program.targets) > 1
    verdict = lifted(case, "with a module of its own in each place", untied(again, counts), 0.15, 0.02, by_loss=several)
    train = case.scores[0]
    done = train is None or train.value > 0.9 * DONE[train.kind]
    return verdict if verdict is None or verdict.confirmed or done else None


_FOLLOW = ("under_capacity", "lr_too_high", "lr_too_low", "too_few_steps", "vanishing_gradients", "exploding_gradients")


def _listed_twice(model: nn.Module) -> dict[str, list[str]]:
    """Return the modules with parameters that stand under several names, by the first; not those inside of them."""
    names: dict[int, list[str]] = {}
    modules = dict(model.named_modules(remove_duplicate=False))
    for name, module in modules.items():
        if next(module.parameters(), None) is not None:
            names.setdefault(id(module), []).append(name)
    several = {key: found for key, found in names.items() if len(found) > 1}
    found: dict[str, list[str]] = {}
    for places in several.values():
        if not any(
            place.startswith(tuple(f"{name}." for name in names)) for place in places for names in found.values()
        ):
            found[places[0]] = places
    return found


def _tied_alike(model: nn.Module) -> dict[int, tuple[list[str], nn.Parameter]]:
    """Return matrices under several names in layers of one kind; an embedding and its readout are two kinds."""
    found: dict[int, tuple[list[str], nn.Parameter]] = {}
    kinds: dict[int, set[type]] = {}
    for name, module in model.named_modules():
        for key, parameter in module._parameters.items():
            if parameter is not None and parameter.ndim > 1:
                found.setdefault(id(parameter), ([], parameter))[0].append(f"{name}.{key}")
                kinds.setdefault(id(parameter), set()).add(type(module))
    return {key: pair for key, pair in found.items() if len(pair[0]) > 1 and len(kinds[key]) == 1}


def _counted(again: Rerun, names: list[str]) -> dict[str, int]:
    """Return how often a pass calls modules of the first model."""
    models = again.fresh()
    first = next(iter(models.values()))
    counts = dict.fromkeys(names, 0)

    def note(name: str) -> None:
        counts[name] += 1

    for name in names:
        first.get_submodule(name).register_forward_pre_hook(lambda *_, name=name: note(name))
    listen(again, models, again.batches[0], training=True, backward=False)
    return counts


def _in_list(case: Case, places: list[str]) -> bool:
    """Say whether the places are those of one list of modules."""
    owners = {place.rpartition(".")[0] for place in places}
    containers = (nn.Sequential, nn.ModuleList, nn.ModuleDict)
    return len(owners) == 1 and isinstance(case.stream.models[0].get_submodule(next(iter(owners))), containers)


def _listing_line(case: Case, name: str, places: list[str]) -> Site | None:
    """Return the line that made the container of a repeated module, else that of the module."""
    owner = name.rpartition(".")[0] if _in_list(case, places) else name
    return case.seen.made_at(case.stream.models[0].get_submodule(owner))


def _named_twice(case: Case) -> dict[str, Site | None]:
    """Return modules that a pass calls on what they returned themselves, from several lines; the last line of each."""
    look = case.stream.looks[0]
    names = {id(m): name for name, m in case.stream.models[0].named_modules() if name}
    calls: dict[int, list[Op]] = {}
    for op in look.ops:
        if op.grad and op.modules and any(t.is_leaf and t.requires_grad for t in op.inputs):
            calls.setdefault(id(op.modules[-1]), []).append(op)
    found: dict[str, Site | None] = {}
    for key, ops in calls.items():
        sites = {op.site for op in ops}
        # Several lines: a cell in a loop stands on one.
        if key in names and len(ops) > 1 and len(sites) > 1 and len(ops) < 8 and _feeds(look.ops, ops[0], ops[-1]):
            found[names[key]] = ops[-1].site
    return found


def _feeds(ops: list[Op], first: Op, last: Op) -> bool:
    """Say whether what an op returned goes into a later one."""
    reached = {id(out) for out in first.outputs}
    started = False
    for op in ops:
        if op is first:
            started = True
        elif started and any(id(given) in reached for given in op.inputs):
            if op is last:
                return True
            reached |= {id(out) for out in op.outputs}
    return False
