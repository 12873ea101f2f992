"""A stream run again from its first weights, on copies, with something changed: the counterfactual of a probe."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn, optim

from unstuck.doctor.program import Outcome, Program, program_of
from unstuck.doctor.recording import ModelCall
from unstuck.doctor.scores import Score, score_of
from unstuck.doctor.streams import Stream

__all__ = ["Change", "Rerun", "Tried", "rerun_of"]

Batch = dict[int, Tensor]


@dataclass(frozen=True)
class Change:
    """What is different in a rerun; each part is left as the script has it by default.

    Attributes
    ----------
    lr
        A factor on every rate; with ``constant_lr`` on the first rate, which then stays.
    stretch
        How fast the schedule runs: with a half it takes twice as many steps.
    hyper
        Settings of the optimiser's groups to replace, such as ``{"weight_decay": 0.0}``, where a group has them.
    model
        Called with the copies of the models before the first step; may change them or return others.
    mode
        Makes a context for every pass, such as a ``TorchFunctionMode`` that leaves an activation out.
    batches
        Called with the list of batches, returns those to train on.
    optimizer
        Called with the parameters, returns another optimiser.
    clip
        False: gradients are not clipped.
    bound
        Clip the gradients' norm to this before every step.
    accumulate
        Whether gradients pile up from step to step; None for as the script has it.
    training
        The mode of the models in a pass; None for as the script has it.
    loss
        Called with what a pass gave, returns the loss to minimise in place of the script's.
    everything
        Whether the first optimiser takes the parameters, too, that the script's optimisers do not hold.
    seed
        Of dropout and whatever else the program draws.
    """

    lr: float = 1.0
    constant_lr: bool = False
    stretch: float = 1.0
    hyper: dict[str, Any] = field(default_factory=dict)
    model: Callable[[dict[int, nn.Module]], dict[int, nn.Module] | None] | None = None
    mode: Callable[[], AbstractContextManager[Any]] = nullcontext
    batches: Callable[[list[Batch]], list[Batch]] | None = None
    optimizer: Callable[[list[Tensor]], optim.Optimizer] | None = None
    clip: bool = True
    bound: float | None = None
    accumulate: bool | None = None
    training: bool | None = None
    loss: Callable[[Outcome], Tensor] | None = None
    everything: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Tried:
    """How a rerun went.

    Attributes
    ----------
    losses
        Of each pass.
    train, evaluation
        The scores at the end, on what it was trained on and on what the script evaluated on; None where unknown.
    """

    losses: np.ndarray
    train: Score | None
    evaluation: Score | None
    models: dict[int, nn.Module] = field(repr=False)

    @property
    def last(self) -> float:
        """The mean loss of the last tenth of the passes."""
        return float(np.mean(self.losses[-max(len(self.losses) // 10, 1) :])) if len(self.losses) else float("nan")


class Rerun:
    """Runs a stream again.

    Parameters
    ----------
    stream
        Whose models could be copied before their first pass.
    program
        What a pass does.
    accumulates
        Whether the script lets gradients pile up from step to step.
    """

    def __init__(self, stream: Stream, program: Program, *, accumulates: bool = False) -> None:
        self.stream, self.program, self.accumulates = stream, program, accumulates
        self.batches: list[Batch] = [batch for done in stream.passes if (batch := program.batch_of(done)) is not None]
        self.of_looks = bool(program.loose) and len(self.batches) < len(stream.passes) / 2
        """Whether what a pass was given is known only of those that were looked at."""
        if self.of_looks:
            self.batches = []
            for look in stream.looks:
                again = program_of(stream, look)
                if again and len(again.outside) == len(program.outside):
                    self.batches.append(dict(zip(program.outside, again.values.values(), strict=True)))

    @cached_property
    def _unseen(self) -> list[ModelCall]:
        """The evaluations but for those of training samples, where there are others."""
        known = {
            row.tobytes()
            for batch in self.batches[:_SOUGHT]
            for key, what in self.program.outside.items()
            if what[0] == "call" and batch[key].ndim > 1 and batch[key].layout == torch.strided
            for row in batch[key].cpu().numpy()
        }
        unseen = [
            call
            for call in self.stream.evaluations
            if not (rows := _first_rows(call)) or not all(row.tobytes() in known for row in rows)
        ]
        return unseen or self.stream.evaluations

    @cached_property
    def unseen_batches(self) -> list[Batch]:
        """What the models were given in evaluations of samples not trained on, in batches of the training's size.

        Only of programs that hold outputs against nothing else than their inputs: no other target is known here.
        """
        program, calls = self.program, self.stream.passes[-1].calls
        places = {key: what for key, what in program.outside.items() if what[0] == "call"}
        if program.loose or not places or not all(key in places for key in program.targets):
            return []
        modules, found = [call.module for call in calls], []
        evaluations, at = self._unseen, 0
        while at + len(calls) <= len(evaluations):
            group = evaluations[at : at + len(calls)]
            batch = {key: value for key, (_, call, place) in places.items()  # type: ignore[misc]
                     if call < len(group) and place < len(group[call].given)
                     and (value := group[call].given[place]).numel()}  # fmt: skip
            alike = all(a.module is b for a, b in zip(group, modules, strict=True)) and len(batch) == len(places)
            if alike and all(value.shape[1:] == program.values[key].shape[1:] for key, value in batch.items()):
                found.append(batch)
                at += len(calls)
            else:
                at += 1
        return [part for batch in found[-_SCORED:] for part in self._cut_up(batch)][:_SCORED]

    def _cut_up(self, batch: Batch) -> list[Batch]:
        """Return a batch in parts as long as those that were trained on: a loss may hang on how many there are."""
        lengths = {key: len(self.batches[0][key]) for key in batch if self.batches[0][key].ndim}
        parts = min((len(batch[key]) // max(length, 1) for key, length in lengths.items()), default=0)
        return [
            {k: v[i * lengths[k] : (i + 1) * lengths[k]] if k in lengths else v for k, v in batch.items()}
            for i in range(parts)
        ]

    def loss_on(self, models: dict[int, nn.Module], batches: Sequence[Batch]) -> float:
        """Return the mean loss of models in evaluation mode on some batches; no random number is used up."""
        for model in models.values():
            model.eval()
        parameters = self.parameters_for(models)
        with torch.no_grad(), torch.random.fork_rng(_devices(self.stream)):
            torch.manual_seed(0)
            found = [float(self.program.run(models, batch, parameters).loss.mean()) for batch in batches]
        return float(np.mean(found)) / self.stream.passes[0].scale if found else float("nan")

    def fresh(self) -> dict[int, nn.Module]:
        """Return copies of the models as they were before the first pass, by the ids of the script's."""
        number = self.stream.passes[0].number
        kept = {id(model): self.stream.seen.copy_of(model, number) for model in self.stream.models}
        return self._nested({key: copy.deepcopy(model) for key, model in kept.items() if model is not None})

    def final(self) -> dict[int, nn.Module]:
        """Return copies of the models as the stream left them.

        Raises
        ------
        RuntimeError
            Where they have been trained since.
        """
        if self.stream.continued:
            raise RuntimeError("the models were trained on by another stream")
        return self._nested({id(model): copy.deepcopy(model) for model in self.stream.models})

    def _nested(self, copies: dict[int, nn.Module]) -> dict[int, nn.Module]:
        """Let the copy of a part of another model, called by itself as well, be that part of the other's copy."""
        for model in self.stream.models:
            for name, part in model.named_modules():
                if name and id(part) in copies and id(model) in copies:
                    copies[id(part)] = dict(copies[id(model)].named_modules()).get(name, copies[id(part)])
        return copies

    def parameters_for(self, models: dict[int, nn.Module]) -> dict[int, Tensor]:
        """Return the id of each parameter of the script's -> that of the copies; free ones are copied by themselves.

        A layer that a model has had another put in the place of since is known by the name that it had.
        """
        found: dict[int, Tensor] = {}
        held = {id(parameter) for parameter in self.stream.held}
        for model in self.stream.models:
            copies = dict(models[id(model)].named_parameters())
            known = self.stream.seen.names.get(id(model), {})
            found.update((key, copies[name]) for key, name in known.items() if key in held and name in copies)
            found.update((id(p), copies[name]) for name, p in model.named_parameters() if name in copies)
        for parameter in (*self.stream.held, *self.stream.looks[-1].reached):  # those of modules apart, too
            if id(parameter) not in found:
                first = self.stream.seen.first_values.get(id(parameter), parameter)
                found[id(parameter)] = first.detach().clone().requires_grad_(parameter.requires_grad)
        return found

    def optimizer_for(self, parameters: dict[int, Tensor], change: Change) -> list[optim.Optimizer]:
        """Return fresh copies of the stream's optimisers that hold the copies of the parameters."""
        if change.optimizer is not None:
            return [change.optimizer([p for p in parameters.values() if p.requires_grad])]
        made = []
        for number in self.stream.optimizer_numbers:
            original = self.stream.seen.optimizers[number]
            memo: dict[int, Any] = {id(p): parameters[id(p)] for g in original.param_groups for p in g["params"]}
            state, original.state = original.state, type(original.state)(dict)
            try:
                twin = copy.deepcopy(original, memo)
            finally:
                original.state = state
            twin.__dict__.pop("step", None)  # a scheduler's wrapper, which would step the original
            rates = self.stream.seen.lrs[number]
            now = float(original.param_groups[0].get("lr", 1.0))
            for group in twin.param_groups:
                if rates:  # a schedule may have ended at zero
                    group["lr"] = rates[0][1] * (float(group["lr"]) / now if now else 1.0)
                group.update({name: value for name, value in change.hyper.items() if name in group})
            made.append(twin)
        if change.everything and made:
            held = {id(p) for optimizer in made for group in optimizer.param_groups for p in group["params"]}
            made[0].param_groups[0]["params"] += [p for p in parameters.values() if id(p) not in held]
        return made

    def run(self, steps: int, change: Change | None = None, *, seconds: float = 10.0) -> Tried:
        """Run some steps again, and score what comes of it; no random number of the program is used up.

        Raises
        ------
        RuntimeError, ValueError, TypeError
            As PyTorch raises them where the change does not fit the script.
        """
        change = change or Change()
        with torch.random.fork_rng(_devices(self.stream)), torch.enable_grad():
            torch.manual_seed(change.seed)
            return self._run(steps, change, seconds)

    def _run(self, steps: int, change: Change, seconds: float) -> Tried:
        models = self.fresh()
        if change.model is not None:
            models = change.model(models) or models
        parameters = self.parameters_for(models)
        optimizers = self.optimizer_for(parameters, change)
        rates = [[group["lr"] for group in optimizer.param_groups] for optimizer in optimizers]
        batches = self.batches if change.batches is None else change.batches(self.batches)
        modes = {id(call.module): call.training for done in self.stream.passes[:1] for call in done.calls}
        for key, model in models.items():
            model.train(modes.get(key, True) if change.training is None else change.training)
        each = max(round(self.stream.passes_a_step), 1)
        accumulate = self.accumulates if change.accumulate is None else change.accumulate
        clips = self.stream.seen.clips if change.clip else []
        held = [p for optimizer in optimizers for group in optimizer.param_groups for p in group["params"]]
        losses, start = [], time.perf_counter()
        for step in range(steps):
            if not batches or time.perf_counter() - start > seconds:
                break
            for place in range(each):
                batch = batches[(step * each + place) % len(batches)]
                with change.mode():
                    outcome = self.program.run(models, batch, parameters)
                    loss = outcome.loss / self.stream.passes[0].scale if change.loss is None else change.loss(outcome)
                losses.append(float(loss.detach()))
                if loss.requires_grad:
                    loss.backward()  # type: ignore[no-untyped-call]
            if clips:
                _clip(clips[0], held)
            if change.bound is not None:
                nn.utils.clip_grad_norm_(held, change.bound)
            for optimizer, first in zip(optimizers, rates, strict=True):
                for group, rate in zip(optimizer.param_groups, first, strict=True):
                    group["lr"] = (
                        rate * change.lr * (1.0 if change.constant_lr else self._decayed(int(step * change.stretch)))
                    )
                optimizer.step(*self._closure(optimizer, loss))  # type: ignore[arg-type]
                if not accumulate:
                    optimizer.zero_grad()
            if not np.isfinite(losses[-1]):
                break
        return Tried(np.array(losses), *self.scores(models, change), models)

    def _decayed(self, step: int) -> float:
        rates = self.stream.rates
        return float(rates[min(step, len(rates) - 1)] / rates[0]) if len(rates) and rates[0] else 1.0

    @staticmethod
    def _closure(optimizer: optim.Optimizer, loss: Tensor) -> tuple[Callable[[], Tensor], ...]:
        return ((lambda: loss.detach()),) if isinstance(optimizer, optim.LBFGS) else ()

    @cached_property
    def measure(self) -> Callable[[Sequence[Tensor], Sequence[Tensor]], Score | None]:
        """How good outputs are for the targets that they are held against, by what the loss asks for."""
        program = self.program
        return partial(
            score_of,
            link=next((_LINKS[name] for name in program.scoring if name in _LINKS), None),
            ignored=max((int(op.kwargs.get("ignore_index", -100)) for op in program.ops), default=-100),
            of_classes=program.of_classes,
            near=program.by_distance or program.by_direction,
            unit=program.by_direction,
        )

    def answers(
        self, models: dict[int, nn.Module], change: Change | None = None, batches: Sequence[Batch] | None = None
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Return what models in evaluation mode answer on the last batches of the training, or others; the targets."""
        for model in models.values():
            model.eval()
        parameters = self.parameters_for(models)
        outputs: list[Tensor] = []
        targets: list[Tensor] = []
        with torch.no_grad(), torch.random.fork_rng(_devices(self.stream)):
            for batch in self.batches[-_SCORED:] if batches is None else batches:
                with (change or Change()).mode():
                    outcome = self.program.run(models, batch, parameters)
                target = next((batch[key] for key in self.program.targets if key in batch), None)
                given = outcome.given if outcome.given is not None else outcome.output
                if target is None or not isinstance(given, Tensor):
                    break
                outputs.append(given)
                targets.append(target)
        return outputs, targets

    def scores(
        self, models: dict[int, nn.Module], change: Change | None = None, batches: Sequence[Batch] | None = None
    ) -> tuple[Score | None, Score | None]:
        """Score models in evaluation mode, on batches of the training and on what the script evaluated on."""
        mode = (change or Change()).mode
        outputs, targets = self.answers(models, change, batches)
        train = self.measure(outputs, targets)
        with torch.no_grad(), torch.random.fork_rng(_devices(self.stream)):
            again: list[tuple[Any, Tensor]] = []
            for call in self._unseen[-_SCORED:]:
                if call.target is not None and id(call.module) in models and call.kept:
                    with mode():
                        again.append((models[id(call.module)](*call.args, **call.kwargs), call.target))
            paired = [(out, target) for out, target in again if isinstance(out, Tensor)]
            evaluation = self.measure([out for out, _ in paired], [target for _, target in paired])
        return train, evaluation


_LINKS = {"binary_cross_entropy_with_logits": torch.sigmoid, "kl_div": torch.exp}
_SCORED = 16  # batches
_SOUGHT = 256  # batches of training in which an evaluation's first samples are looked for


def rerun_of(stream: Stream, *, accumulates: bool = False) -> Rerun | None:
    """Return what runs a stream again; None where its models cannot be copied or its passes not be done again."""
    if not stream.looks or not stream.passes or not stream.models:
        return None
    if any(stream.seen.copy_of(model) is None for model in stream.models):
        return None
    for look in reversed(stream.looks[:8]):
        program = program_of(stream, look)
        if program is not None:
            found = Rerun(stream, program, accumulates=accumulates)
            return found if found.batches else None
    return None


def _clip(clip: tuple[int, str, float, float], parameters: Sequence[Tensor]) -> None:
    _, kind, bound, _ = clip
    if kind == "norm":
        nn.utils.clip_grad_norm_(parameters, bound)
    else:
        nn.utils.clip_grad_value_(parameters, bound)


def _devices(stream: Stream) -> list[torch.device]:
    return list({p.device for p in stream.held if p.device.type == "cuda"})


def _first_rows(call: ModelCall) -> list[np.ndarray]:
    first = call.first
    dense = first is not None and first.ndim > 1 and first.layout == torch.strided
    return list(first[:4].cpu().numpy()) if first is not None and dense else []
