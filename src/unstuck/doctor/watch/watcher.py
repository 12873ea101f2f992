"""The watcher: turns what the patches report into a recording, and decides which steps to look at closely.

Watching must change nothing that the script computes.
So nothing here draws a random number, writes to a tensor of the script's or keeps one that the script may write to.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn, optim

from unstuck.doctor.recording import (
    Event,
    Likelihood,
    Look,
    LossCall,
    Made,
    ModelCall,
    Pass,
    Printed,
    Recording,
    StepLook,
)
from unstuck.doctor.watch.copies import Keeper, copy_model, leaves_of, state_of
from unstuck.doctor.watch.losses import LOSSES
from unstuck.doctor.watch.metrics import assign_target, metric_call
from unstuck.doctor.watch.sites import Site, site_here, stack_here
from unstuck.doctor.watch.slices import slice_of
from unstuck.doctor.watch.tape import Op, Tape

__all__ = ["EnoughError", "Watcher"]

_CLOSE = 8  # the first passes are all looked at
_RATIO = 1.4  # after them, each look comes so much later than the one before
_SNAPSHOTS = 2.0  # likewise for copies of the weights
_COPIES = 8  # of one model
_EVENTS = 400  # events kept in full
_LINES = 2000  # printed lines kept
_METRICS = 500  # calls of metrics kept
_ARRAYS = 1000  # arrays that tensors are made of
_LONG = 1000  # calls since the last pass: it is no training that makes so many
_TRIES = 30  # evaluations without a target, as of a policy that acts, before no more are looked for


class EnoughError(BaseException):
    """Raised out of the script when it has been watched for as long as was asked."""


class Watcher:
    """Receives what happens in a script, and keeps of it what the judgement needs.

    Parameters
    ----------
    max_steps, seconds
        After how many optimiser steps, or seconds, to end the script; None for never.
    """

    def __init__(self, max_steps: int | None = None, seconds: float | None = None) -> None:
        self.seen = Recording()
        self.tape = Tape()
        self.keeper = Keeper()
        self.max_steps, self.max_seconds = max_steps, seconds
        self.depth = 0
        self.busy = False  # inside a function that is watched: what it calls in turn is not an event of its own
        self._start = time.perf_counter()
        self._calls: list[ModelCall] = []
        self._losses: list[LossCall] = []
        self._events: list[Event] = []
        self._usual: dict[Site | None, int] = {}  # model calls of a pass, by the line of the pass
        self._next_look, self._next_snapshot = 0, 0
        self._next_step_look: dict[int, int] = {}
        self._own_steps: list[int] = []
        self._passes_since: list[int] = []
        self._waiting: list[Pass] = []
        self._before: dict[int, Tensor] | None = None
        self._in_step = False
        self._scale = 1.0
        self._unscaled = False
        self._evaluating = False
        # By the line of a pass, what was loose in the last one: the tensor, its version, and what was kept of it.
        self._loose: dict[Site | None, list[tuple[Tensor, int, Tensor]]] = {}
        self._taped = -1  # from where on the tape holds a pass that is not looked at; -1 for nowhere
        self._unanswered: dict[Site | None, int] = {}  # evaluations whose outputs met no target, by the line
        self._answered: set[Site | None] = set()  # the lines of those whose outputs met one
        self._copied: set[int] = set()
        self._has_parameters: dict[int, tuple[nn.Module, bool]] = {}

    # -- the script's calls -------------------------------------------------------------------------------------------

    @property
    def looking(self) -> bool:
        """Whether the pass to come is one to look at closely."""
        return len(self.seen.passes) >= self._next_look

    def begin(self) -> None:
        """Start the clock and the tape."""
        self._start = time.perf_counter()
        self.tape.on()

    def end(self) -> None:
        """Take what is left over, and stop."""
        self.tape.off()
        self.seen.seconds = time.perf_counter() - self._start
        self._settle_evaluations(len(self._calls))
        self.tape.ops = []

    def made(self, thing: object) -> None:
        """Note the line at which an object is made."""
        if isinstance(thing, optim.Optimizer):
            self._copied.clear()
        if id(thing) not in self.seen.made or self.seen.made[id(thing)].thing is not thing:
            self.seen.made[id(thing)] = Made(thing, site_here(leave_out=thing))

    def owns_parameters(self, module: nn.Module) -> bool:
        """Whether a module is a model rather than an activation or a loss."""
        known = self._has_parameters.get(id(module))
        if known is None or known[0] is not module:
            known = module, next(module.parameters(), None) is not None
            self._has_parameters[id(module)] = known
        return known[1]

    def model_starts(self, module: nn.Module) -> None:
        """Take note of a model that is about to be called, and not by another module."""
        if torch.is_grad_enabled():
            if self._taped >= 0 and self.tape.light:
                self.tape.off()
            if self._evaluating and module.training:
                self._evaluating = False
                if not self.looking:
                    self.tape.off()
            if id(module) not in self._copied:
                self._copied.add(id(module))
                copies = self.seen.copies.setdefault(id(module), [])
                if len(copies) < _COPIES:
                    copies.append((len(self.seen.passes), copy_model(module)))
                    names = self.seen.names.setdefault(id(module), {})
                    for name, parameter in module.named_parameters():  # a wrapper put around it renames it later
                        names.setdefault(id(parameter), name)
        elif not self._evaluating and self._may_be_answered(site_here()):
            self._evaluating = True
            self.tape.on()

    def model_called(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> None:
        """Take note of the call, and of what it returned."""
        grad = torch.is_grad_enabled()
        lightly = not self.looking and not self.tape.running and any(self._loose.values())
        if lightly and self._taped < 0:
            self._taped = len(self.tape.ops)
        if self.tape.running or lightly:
            self.tape.ops.append(Op(module, args, kwargs, out, site_here(), (), grad))
        keep = self.keeper.inputs if grad else self.keeper.evaluation
        self._calls.append(
            ModelCall(
                module,
                keep(args),
                keep(kwargs) if kwargs else kwargs,
                self.keeper.output(out, grad),
                module.training,
                grad,
                site_here() if not grad or self.looking else None,
                stack_here() if not grad or self.looking else (),
                self.seen.steps,
            )
        )
        if len(self._calls) > 4096:  # a script that never calls backward
            self._settle_evaluations(2048)
        if lightly:
            if len(self.tape.ops) - self._taped > _LONG:
                del self.tape.ops[self._taped :]
            self.tape.on(light=True)

    def _keep_loose(self, done: Pass, ops: list[Op], loss: Tensor) -> None:
        """Keep what else the loss of a pass was made of that has a row for each sample."""
        found, last = slice_of(ops, loss, len(done.calls)), self._loose.get(done.site, [])
        loose: list[tuple[Tensor, int, Tensor]] = []
        for place, value in enumerate([found.values[key] for key in found.loose] if found is not None else ()):
            version = -1 if value.is_inference() else value._version
            same = len(last) > place and last[place][0].data_ptr() == value.data_ptr()
            same = same and last[place][0].shape == value.shape and last[place][1] == version >= 0
            loose.append((value, version, last[place][2] if same else self.keeper.target(value)))
        self._loose[done.site] = loose
        done.loose = [kept for _, _, kept in loose]

    def loss_called(self, name: str, given: Tensor, target: Tensor, kwargs: dict[str, Any], out: Tensor) -> None:
        """Take note of a loss function's call."""
        call = LossCall(
            name,
            given.detach(),
            self.keeper.target(target),
            len(target) if target.ndim else 1,
            kwargs,
            out.detach(),
            site_here() if self.looking else None,
        )
        if torch.is_grad_enabled():  # that of an evaluation belongs to its call, and to no pass
            self._losses.append(call)
        if self._calls and self._calls[-1].loss is None:
            self._calls[-1].loss = call
        if len(self._losses) > 4096:
            del self._losses[:2048]

    def likelihood(self, out: object) -> None:
        """Take note of data's log-probability: its derivatives say whether it is made larger or smaller."""
        if not self.looking or not isinstance(out, Tensor) or not out.requires_grad:
            return
        number, site = len(self.seen.passes), site_here()

        def told(derivatives: Tensor) -> None:
            self.seen.likelihoods.append(Likelihood(number, float(derivatives.min()), float(derivatives.max()), site))

        out.register_hook(told)  # type: ignore[no-untyped-call]

    def backward_starts(self, loss: Tensor) -> Look | None:
        """Take what the tape holds, and the gradients that lie there, before a backward pass."""
        self.tape.off()
        self._evaluating = False
        if not self.looking:
            return None
        reached = leaves_of(loss)
        stale = {id(leaf): _norm(leaf.grad) for leaf in reached if leaf.grad is not None}
        weights = {id(leaf): _norm(leaf) for leaf in reached}
        look = Look(len(self.seen.passes), self.tape.ops, loss, list(self._events), reached, stale, {}, weights)
        self.tape.ops = []
        return look

    def backward_done(self, loss: Tensor, look: Look | None) -> None:
        """Take note of a backward pass."""
        seen = self.seen
        calls = [call for call in self._calls if call.grad]
        site = site_here()
        usual = self._usual.get(site, len(calls))
        calls = calls[-usual:] if len(calls) > usual else calls
        self._usual[site] = len(calls)
        before = next((i for i, call in enumerate(self._calls) if call is calls[0]), 0) if calls else len(self._calls)
        taken = self._calls[before:]
        self._settle_evaluations(before, look)
        ops, self.tape.ops, self._taped = self.tape.ops if look is None else look.ops, [], -1
        self._calls = []
        losses = self._losses or (self._losses_on(look.ops) if look is not None else [])
        if taken and len(losses) > 1:
            of_pass = {id(call.loss) for call in taken if call.loss}
            first = next((i for i, call in enumerate(losses) if id(call) in of_pass), 0)
            losses = losses[first:]
        done = Pass(
            len(seen.passes), seen.steps, loss.detach(), self._scale, losses, taken, site,
            time.perf_counter() - self._start, inside_step=self._in_step,
        )  # fmt: skip
        if look is not None:
            look.gradients = {id(leaf): _norm(leaf.grad) for leaf in look.reached if leaf.grad is not None}
            seen.looks.append(look)
            self._next_look = len(seen.passes) + 1
            if len(seen.looks) >= _CLOSE:
                self._next_look = max(self._next_look, int(len(seen.passes) * _RATIO))
            for call in taken:
                call.stack = call.stack or stack_here()
        else:
            self.keeper.slim(done)
        seen.passes.append(done)
        self._waiting.append(done)
        if len(self._waiting) > 4096:
            del self._waiting[:2048]
        self._losses, self._events = [], []
        for number in range(len(self._passes_since)):
            self._passes_since[number] += 1
        self.event("backward")
        if look is not None or any(self._loose.values()):
            self._keep_loose(done, ops, loss)
        if not self._in_step and self.looking:
            self.tape.on()
        if not seen.optimizers:
            self._enough(len(seen.passes))

    def step_starts(
        self, optimizer: optim.Optimizer, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] = MappingProxyType({})
    ) -> None:
        """Take note of the rate, and of the weights where the step is looked at, before a step."""
        if not any(callable(value) for value in (*args[1:], *kwargs.values())):  # a closure makes its passes inside
            self.tape.off()
        self._in_step = True
        number = self._number(optimizer)
        rate = float(optimizer.param_groups[0].get("lr", float("nan")))
        self.seen.lrs[number].append((self.seen.steps, rate))
        self.event("step")
        self._before = None
        if self._own_steps[number] >= self._next_step_look[number]:
            self._before = {id(p): p.detach().clone() for group in optimizer.param_groups for p in group["params"]}
            if not self._own_steps[number]:
                self.seen.first_values.update(self._before)

    def step_done(self, optimizer: optim.Optimizer) -> None:
        """Take note of a step."""
        number = self._number(optimizer)
        if self._before is not None:
            self._look_at_step(optimizer, number, self._before)
            self._before = None
        for done in self._waiting:
            done.steppers.append(number)
        fed = self._passes_since[number] > 0 or not self._own_steps[number]
        if fed and not self._waiting and self.seen.passes:
            last = self.seen.passes[-1]
            if last.steppers and number not in last.steppers:
                last.steppers.append(number)  # a second optimiser, after the same pass
        self._waiting = []
        self._passes_since[number] = 0
        self._own_steps[number] += 1
        self.seen.steps += 1
        self._in_step = False
        if self.seen.steps >= self._next_snapshot:
            self._next_snapshot = max(self.seen.steps + 1, int(self.seen.steps * _SNAPSHOTS))
            self._snapshot()
        if self.looking:
            self.tape.on()
        self._enough(self.seen.steps)

    def event(self, name: str, **values: float) -> None:
        """Note that something happened, and at which line where that is new, early, or looked at closely."""
        counts = self.seen.counts
        counts[name] = counts.get(name, 0) + 1
        early = len(self.seen.events) < _EVENTS
        if not early and not self.looking and name in self.seen.sites:
            return
        site = site_here()
        happened = Event(name, site, values)
        if early:
            self.seen.events.append(happened)
        self._events.append(happened)
        if len(self._events) > _EVENTS:
            del self._events[: _EVENTS // 2]
        if site and name not in self.seen.sites:
            self.seen.sites[name] = site

    def clipped(self, kind: str, bound: float, norm: Tensor | None) -> None:
        """Take note of a clip."""
        self.event("clip")
        if self._scale != 1.0 and not self._unscaled:
            self.seen.scaled_clips += 1
        value = float(norm) if norm is not None and norm.device.type == "cpu" else float("nan")
        self.seen.clips.append((self.seen.steps, kind, bound, value))

    def scaled(self, scale: float) -> None:
        """Take note of a GradScaler's factor on the loss."""
        self._scale, self._unscaled = scale, False

    def unscaled(self) -> None:
        """Take note that the gradients were divided by it."""
        self._unscaled = True
        self.event("unscale")

    def printed(self, values: tuple[object, ...], sep: str) -> None:
        """Take note of what is printed."""
        if len(self.seen.printed) < _LINES:
            text = sep.join(str(value) for value in values)
            self.seen.printed.append(Printed(self.seen.steps, text, site_here()))

    def iterated(self, loader: object) -> None:
        """Note that the script begins to go through a loader."""
        count, site = self.seen.iterated.get(id(loader), (0, None))
        self.seen.iterated[id(loader)] = count + 1, site or site_here()

    def from_array(self, made: Tensor) -> None:
        """Note the line at which a tensor is made that shares its memory with an array: no tape has such a call."""
        if len(self.seen.arrays) < _ARRAYS and (site := site_here()) is not None:
            self.seen.arrays[made.untyped_storage().data_ptr()] = site

    def measured(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> None:
        """Note a metric of scikit-learn, and of which model calls it was made."""
        if len(self.seen.metrics) >= _METRICS or (call := metric_call(name, args, kwargs, out)) is None:
            return
        call.site, call.step = site_here(), self.seen.steps
        assign_target(call, self._calls)
        self.seen.metrics.append(call)

    def loaded(self, module: nn.Module) -> None:
        """Take note of a module that takes a state from elsewhere."""
        for part in module.modules():
            self.seen.loaded.setdefault(id(part), self.seen.steps)

    def scheduled(self, scheduler: object) -> None:
        """Take note of a scheduler's step."""
        if not any(scheduler is known for known in self.seen.schedulers):
            self.seen.schedulers.append(scheduler)
        if getattr(scheduler, "_step_count", 2) > 1:  # the first is its own, while it is made
            self.event("schedule")

    # -- what follows from them ---------------------------------------------------------------------------------------

    def _number(self, optimizer: optim.Optimizer) -> int:
        for number, known in enumerate(self.seen.optimizers):
            if known is optimizer:
                return number
        self.seen.optimizers.append(optimizer)
        self.seen.lrs.append([])
        self._own_steps.append(0)
        self._passes_since.append(len(self._waiting))
        self._next_step_look[len(self.seen.optimizers) - 1] = 0
        return len(self.seen.optimizers) - 1

    def _losses_on(self, ops: list[Op]) -> list[LossCall]:
        """Return the loss functions on a tape: those that the script had taken from PyTorch before it was watched."""
        return [
            LossCall(
                op.name,
                op.inputs[0].detach(),
                self.keeper.target(op.inputs[1]),
                len(op.inputs[1]) if op.inputs[1].ndim else 1,
                op.kwargs,
                op.outputs[0].detach(),
                op.site,
            )
            for op in ops
            if op.name in LOSSES and op.grad and len(op.inputs) > 1 and op.outputs
        ]

    def _look_at_step(self, optimizer: optim.Optimizer, number: int, before: dict[int, Tensor]) -> None:
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        self.seen.step_looks.append(
            StepLook(
                self.seen.steps,
                self._own_steps[number],
                number,
                self._passes_since[number],
                {id(p): None if p.grad is None else _norm(p.grad) for p in parameters},
                {id(p): float(before[id(p)].norm()) for p in parameters if id(p) in before},
                {id(p): float((p.detach() - before[id(p)]).norm()) for p in parameters if id(p) in before},
                [
                    {k: float(v) for k, v in group.items() if isinstance(v, (int, float))}
                    for group in optimizer.param_groups
                ],
            )
        )
        own = self._own_steps[number]
        self._next_step_look[number] = own + 1 if own < _CLOSE else max(own + 1, int(own * _RATIO))

    def _snapshot(self) -> None:
        models = {id(call.module): call.module for call in (self.seen.passes[-1].calls if self.seen.passes else ())}
        for model in models.values():
            state = state_of(model)
            if state is not None:
                self.seen.snapshots.append((self.seen.steps, id(model), state))

    def _settle_evaluations(self, count: int, look: Look | None = None) -> None:
        """Move the first calls that wait to the evaluations, with what each output was compared with."""
        calls, self._calls = self._calls[:count], self._calls[count:]
        if not calls:
            return
        if any(self._may_be_answered(call.site) for call in calls):
            self.keeper.compare(calls, self.tape.ops if look is None else look.ops)
        self._answered |= {call.site for call in calls if call.target is not None}
        for site in {call.site for call in calls} - self._answered:
            self._unanswered[site] = self._unanswered.get(site, 0) + 1
        self.seen.evaluations.extend(calls)

    def _may_be_answered(self, site: Site | None) -> bool:
        """Whether outputs of the calls at a line may still meet a target."""
        return site in self._answered or self._unanswered.get(site, 0) < _TRIES

    def _enough(self, steps: int) -> None:
        if self.max_steps is not None and steps >= self.max_steps:
            raise EnoughError
        if self.max_seconds is not None and time.perf_counter() - self._start >= self.max_seconds:
            raise EnoughError


def _norm(gradient: Tensor) -> float:
    """Return a gradient's norm; a sparse one's, that of its values."""
    values = gradient.detach()
    return float((values.coalesce().values() if values.is_sparse else values).norm())
