"""The case of one stream: facts worked out from the recording when a judge first asks for them."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from unstuck.doctor.ragged import padded
from unstuck.doctor.recording import ModelCall, Recording
from unstuck.doctor.rerun import Change, Rerun, Tried, rerun_of
from unstuck.doctor.scores import Score, score_of
from unstuck.doctor.signals import Signals, listen
from unstuck.doctor.streams import Stream
from unstuck.doctor.watch.losses import LOSSES
from unstuck.doctor.watch.sites import Place, Site
from unstuck.doctor.watch.tape import Op

if TYPE_CHECKING:
    from unstuck.doctor.findings import Number

__all__ = ["Budget", "Case", "EvaluationSet", "Suspicion", "Verdict"]

T = TypeVar("T")

_log = logging.getLogger("unstuck.doctor")

_POOLED = 4096  # samples
_ABOVE = 0.02  # chance lies a score that tells something
_UNLIKE = 0.1  # of a score: a rerun with nothing changed comes nearer to its run, even where the loss swings


@dataclass
class Budget:
    """The seconds that all probes together may take."""

    seconds: float
    start: float = field(default_factory=time.perf_counter)

    @property
    def left(self) -> float:
        """Seconds left."""
        return self.seconds - (time.perf_counter() - self.start)


@dataclass(frozen=True)
class Verdict:
    """What a probe says: whether the cause holds, and what was done and measured, as a clause for the report.

    ``ruins`` says that what was to cure undid what the run learns as it is.
    """

    confirmed: bool
    tried: str
    evidence: dict[str, Number] = field(default_factory=dict)
    ruins: bool = False


@dataclass
class Suspicion:
    """A cause that the facts speak for.

    Attributes
    ----------
    confidence
        From 0 to 1, before the probe.
    probe
        Tells whether it holds; None where the facts alone are proof, or no experiment is known.
    consequences
        Causes that this one would bring about, which then are its symptoms.
    certain
        Whether the facts are proof of the fault, so that a probe can only tell what it costs.
    """

    cause: str
    confidence: float
    summary: str
    evidence: dict[str, Number]
    fix: str
    where: Site | None = None
    suggestion: str = ""
    symptoms: tuple[str, ...] = ()
    probe: Callable[[], Verdict | None] | None = None
    consequences: tuple[str, ...] = ()
    certain: bool = False


@dataclass(frozen=True)
class EvaluationSet:
    """The evaluations made from one place of the script: the calls of each, by the step at which it was made."""

    stack: tuple[Place, ...]
    phases: dict[int, list[ModelCall]]
    measure: Callable[[Sequence[Tensor], Sequence[Tensor]], Score | None] = score_of

    @property
    def site(self) -> Site | None:
        """The innermost line that made them."""
        return Site(self.stack[0].file, self.stack[0].line) if self.stack else None

    @cached_property
    def inputs(self) -> list[Tensor]:
        """The first tensor that the model was given in each call of the last phase that was kept whole; else none."""
        for calls in reversed(self.phases.values()):
            found = [call.rows for call in calls]
            kept = padded([x for x in found if x is not None and x.numel()])
            if kept and len(kept) == len(calls) and len({x.shape[1:] for x in kept}) == 1:
                return kept
        return []

    @cached_property
    def x(self) -> Tensor | None:
        """Those in one tensor."""
        return torch.cat(self.inputs) if self.inputs else None

    @property
    def several(self) -> bool:
        """Whether the model is given more than one tensor."""
        calls = next(reversed(self.phases.values()))
        return any(len(call.given) > 1 for call in calls)

    @cached_property
    def y(self) -> Tensor | None:
        """What the outputs of that phase were held against; None where it was not seen for every call."""
        for calls in reversed(self.phases.values()):
            found = [call.target for call in calls]
            if self.x is not None and all(y is not None and y.ndim for y in found):
                y = torch.cat([y for y in found if y is not None])
                return y if len(y) == len(self.x) else None
        return None

    @cached_property
    def scores(self) -> dict[int, Score]:
        """The score of each phase, by its step, where outputs and targets were seen."""
        found = {}
        for step, calls in self.phases.items():
            pairs = [(c.output, c.target) for c in calls if isinstance(c.output, Tensor) and c.target is not None]
            score = self.measure([o for o, _ in pairs], [t for _, t in pairs])
            if score is not None:
                found[step] = score
        return found

    @cached_property
    def losses(self) -> dict[int, float]:
        """The mean loss of each phase, by its step, as the script's loss function gave it (means weighted by rows)."""
        found = {}
        for step, calls in self.phases.items():
            with_loss = [(float(c.loss.output.mean()), max(c.loss.rows, 1)) for c in calls if c.loss is not None]
            if with_loss:
                found[step] = float(np.average([v for v, _ in with_loss], weights=[n for _, n in with_loss]))
        return found


class Case:
    """What is known of one stream, and the means to try something.

    Parameters
    ----------
    stream
        The stream.
    budget
        Of the probes; None where none may be made.
    """

    def __init__(self, stream: Stream, budget: Budget | None) -> None:
        self.stream, self.budget = stream, budget
        self._tried: dict[str, Tried | None] = {}
        self.known: dict[str, Any] = {}  # what judges worked out once, and share

    @property
    def seen(self) -> Recording:
        """The whole recording."""
        return self.stream.seen

    # -- the loss and what it is given --------------------------------------------------------------------------------

    @cached_property
    def loss_name(self) -> str:
        """The loss function of ``torch.nn.functional``; empty for one that the script computes by hand."""
        for done in reversed(self.stream.passes):
            if done.loss_calls:
                return done.loss_calls[0].name
        return ""

    @cached_property
    def loss_site(self) -> Site | None:
        """The line that calls it."""
        for look in self.stream.looks:
            for op in reversed(look.ops):
                if op.name in LOSSES:
                    return op.site
        return self.stream.looks[0].ops[-1].site if self.stream.looks and self.stream.looks[0].ops else None

    @cached_property
    def targets(self) -> list[Tensor]:
        """The targets of each pass that were kept, in order; those of a loss by hand from the passes looked at."""
        found = [done.loss_calls[0].target for done in self.stream.passes if done.loss_calls]
        found = [target for target in found if target.numel()]
        if found or self.rerun is None:
            return found
        key = self.rerun.program.first_target
        return [batch[key] for batch in self.rerun.batches if key in batch] if key is not None else []

    @cached_property
    def y(self) -> Tensor | None:
        """The targets of the kept passes in one tensor, at most some thousand rows."""
        return _pooled(self.targets)

    @cached_property
    def inputs(self) -> list[Tensor]:
        """The first tensor that the first model was given, of each pass that was kept, in order."""
        if self.rerun is not None and self.rerun.program.loose:
            key = self.rerun.program.first_input
            return [batch[key] for batch in self.rerun.batches if key in batch] if key is not None else []
        found = []
        with_target = any(done.loss_calls for done in self.stream.passes)
        for done in self.stream.passes:
            first = done.calls[0].rows if done.calls else None
            kept = bool(done.loss_calls) and done.loss_calls[0].target.numel() > 0 if with_target else True
            if first is not None and first.numel() and kept:
                found.append(first)
        return found

    @cached_property
    def x(self) -> Tensor | None:
        """The inputs of the kept passes in one tensor, at most some thousand rows, in step with :attr:`y`."""
        return _pooled(padded(self.inputs))

    @cached_property
    def task(self) -> str:
        """What the targets are: ``classes`` (indices), ``binary`` (0 or -1, and 1), ``numbers`` or ``unknown``."""
        y = self.y
        if y is None or not len(y):
            return "unknown"
        if not y.is_floating_point():
            program = self.rerun.program if self.rerun is not None else None
            done = program is not None and not self.loss_name and program.rewarded
            return "unknown" if done else "classes"  # what was done is not what should be
        if bool(((y == 0) | (y == 1)).all()) or bool(((y == -1) | (y == 1)).all()):
            return "binary"
        return "numbers"

    @cached_property
    def targets_of_a_model(self) -> bool:
        """Whether the targets are what a model returned, such as values to come or a teacher's answers."""
        needed = set(self.rerun.program.targets) if self.rerun is not None else set()
        for op in reversed([op for look in self.stream.looks for op in look.ops]):
            if any(id(out) in needed for out in op.outputs):
                if isinstance(op.func, nn.Module):
                    return True
                needed |= {id(given) for given in op.inputs}
        return False

    @property
    def values_to_come(self) -> bool:
        """Whether the targets are numbers that a model returned, as in learning from rewards."""
        return self.task == "numbers" and self.targets_of_a_model

    @cached_property
    def given(self) -> list[Tensor]:
        """What the loss was given in the passes of which it was kept, the last 32 of them."""
        found = [call.input for done in self.stream.passes for call in done.loss_calls[:1] if call.input.numel()]
        return found[-32:]

    @cached_property
    def chain(self) -> list[Op]:
        """The functions of one tensor that end the model, from the loss back to the last layer with weights.

        Those inside the model as well as those that the script applies to its output.
        """
        if not self.stream.looks:
            return []
        look = self.stream.looks[-1]
        producers: dict[int, Op] = {}
        start: Tensor | None = None
        for op in look.ops:
            if isinstance(op.func, nn.Module):
                if not self.loss_name:
                    start = next(iter(op.outputs), None)
                continue
            if op.name in LOSSES and op.inputs:
                start = op.inputs[0]
                continue
            for out in op.outputs:
                producers[id(out)] = op
        found: list[Op] = []
        while start is not None and (op_ := producers.pop(id(start), None)) is not None:
            given = [t for t in op_.inputs if t.is_floating_point()]
            if len(given) != 1 or (given[0].is_leaf and given[0].requires_grad):
                break
            found.append(op_)
            start = given[0]
        return found

    @cached_property
    def pass_ops(self) -> list[Op]:
        """The functions of the last look that belong to its pass, not to an evaluation before it."""
        if not self.stream.looks:
            return []
        look = self.stream.looks[-1]
        done = next(done for done in self.stream.passes if done.number == look.number)
        calls = [i for i, op in enumerate(look.ops) if isinstance(op.func, nn.Module)]
        before = calls[: len(calls) - len(done.calls)]
        start = before[-1] + 1 if before else 0
        inside = (i for i in range(start, len(look.ops)) if look.ops[i].modules or i in calls)
        return look.ops[next(inside, start) :]  # what an evaluation does with its output comes before the first module

    def where_of(self, op: Op | None) -> Site | None:
        """Return the line to change: where PyTorch's module that made a call was made, or where the call stands."""
        if op is None:
            return self.loss_site
        if op.modules and type(op.modules[-1]).__module__.startswith("torch.nn"):
            return self.seen.made_at(op.modules[-1]) or op.site
        return op.site

    # -- how it went --------------------------------------------------------------------------------------------------

    def loaded_before(self, module: nn.Module) -> bool:
        """Whether a module took a state from elsewhere before the first pass, as what was learnt in another training.

        What is loaded later may be the best state of this one.
        """
        step = self.seen.loaded.get(id(module))
        return step is not None and step <= self.stream.passes[0].step

    @cached_property
    def losses(self) -> np.ndarray:
        """The loss of each pass."""
        return self.stream.losses

    def loss_around(self, share: float) -> float:
        """Return the median loss of the passes around a share of the run: 0 for its start, 1 for its end."""
        width = max(len(self.losses) // 20, 3)
        middle = int(share * (len(self.losses) - 1))
        part = self.losses[max(middle - width, 0) : middle + width]
        return float(np.median(part)) if len(part) else float("nan")

    @cached_property
    def evaluation_sets(self) -> list[EvaluationSet]:
        """The evaluations, by the place of the script that made them, those with most calls first."""
        return self.sets_of(self.stream.evaluations)

    def sets_of(self, calls: Iterable[ModelCall]) -> list[EvaluationSet]:
        """Sort calls by the place of the script that made them, those with most calls first."""
        groups: dict[tuple[Place, ...], dict[int, list[ModelCall]]] = {}
        for call in calls:
            groups.setdefault(call.stack, {}).setdefault(call.step, []).append(call)
        measure = self.rerun.measure if self.rerun is not None else score_of
        sets = [EvaluationSet(stack, phases, measure) for stack, phases in groups.items()]
        return sorted(sets, key=lambda one: -sum(map(len, one.phases.values())))

    @cached_property
    def scores(self) -> tuple[Score | None, Score | None]:
        """The scores of the models as they are at the end: on training data, and on what they were evaluated on."""
        if self.rerun is None:
            return None, None
        return self.quietly(lambda: self.rerun.scores(self.rerun.final())) or (None, None)  # type: ignore[union-attr]

    # -- trying something ---------------------------------------------------------------------------------------------

    @cached_property
    def accumulates(self) -> bool:
        """Whether gradients of earlier steps lay there when a pass began, at every look at the first pass of a step."""
        per_step = max(round(self.stream.passes_a_step), 1)
        first = self.stream.passes[0].number
        later = [look for look in self.stream.looks if look.number > first and (look.number - first) % per_step == 0]
        return bool(later) and all(any(norm > 0 for norm in look.stale.values()) for look in later)

    @cached_property
    def rerun(self) -> Rerun | None:
        """What runs the stream again; None where that cannot be done."""
        return self.quietly(lambda: rerun_of(self.stream, accumulates=self.accumulates))

    @cached_property
    def first_signals(self) -> Signals | None:
        """What ran through the models in training mode on the first batch, with their first weights."""
        return self._signals(final=False)

    @cached_property
    def final_signals(self) -> Signals | None:
        """What runs through them on the last batch, with the weights as they are."""
        return self._signals(final=True)

    def _signals(self, *, final: bool) -> Signals | None:
        again = self.rerun
        if again is None:
            return None
        models = self.quietly(again.final if final else again.fresh)
        batch = again.batches[-1 if final else 0]
        return None if models is None else self.quietly(lambda: listen(again, models, batch, training=True))

    @cached_property
    def probe_steps(self) -> int:
        """How many steps a rerun takes: as many as the run, or as fit into an eighth of the budget."""
        if self.budget is None:
            return 0
        seconds = np.diff([done.seconds for done in self.stream.passes])  # the median is without the evaluations
        each = float(np.median(seconds)) * self.stream.passes_a_step if len(seconds) else 0.0
        return int(min(max(self.stream.steps, 1), max(self.budget.seconds / 8 / max(each, 1e-6), 20)))

    def guessed(self, confidence: float) -> float:
        """Return the confidence in what a rerun is to bear out: too low to be reported where none can be made."""
        can_try = self.budget is not None and self.budget.left > 1 and self.rerun is not None
        return confidence if can_try else min(confidence, 0.45)

    def try_out(self, name: str, change: Change | None = None, steps: int | None = None) -> Tried | None:
        """Rerun with a change, once for each name; None without a budget, or where it raises."""
        if name not in self._tried:
            self._tried[name] = None
            if self.budget is not None and self.rerun is not None and self.budget.left > 0.2:
                seconds = min(self.budget.left, max(self.budget.seconds / 5, 1.0))
                again = self.rerun
                self._tried[name] = self.quietly(lambda: again.run(steps or self.probe_steps, change, seconds=seconds))
        return self._tried[name]

    @property
    def baseline(self) -> Tried | None:
        """The rerun with nothing changed."""
        return self.try_out("baseline")

    def gain(self, name: str, change: Change) -> tuple[float, Score, Score] | None:
        """Rerun with and without a change, and compare.

        Returns
        -------
        tuple or None
            What share of the way from the score without to a perfect one the change goes; both scores, on the
            script's evaluation data where it is known, else on training data.
            The score without is that of as many steps or, where the run is longer and ended higher, the run's own: to
            be there sooner is no cure.
            None where it could not be tried.
        """
        before, after = self.baseline, self.try_out(name, change)
        if before is None or after is None:
            return None
        pairs, by_heart = self.compared(before, after), False
        if self.rerun is not None and self.rerun.of_looks:
            pairs.reverse()  # it trained on the few batches that are known: what generalises is not to be told
            by_heart = _falls(before.evaluation, after.evaluation)
        for old, new in pairs:
            if old is not None and new is not None and np.isfinite(new.value):
                low = old.value if np.isfinite(old.value) else old.chance
                share = (new.value - low) / max(1 - low, 1e-6)
                return (min(share, 0.0) if new.nothing or by_heart else share), old, new
        return None

    def compared(self, before: Tried, after: Tried) -> list[tuple[Score | None, Score | None]]:
        """Return the scores without and with a change: those on evaluation data, then those on training data.

        Of a training that another one follows only the latter: what is evaluated later is another task's, it may be.
        """
        if self.stream.continued:
            return [(before.train, after.train)]
        return [(self._reached(before.evaluation, 1), after.evaluation), (self._reached(before.train, 0), after.train)]

    def _reached(self, score: Score | None, which: int) -> Score | None:
        """Return the better of a score after a rerun's steps and, where the run was longer, its own at the end.

        So, too, where the run itself went far better than its rerun: then something is left out of that.
        ``which`` says of which scores it is one: 0 of those on training data, 1 of those on evaluation data.
        """
        own = self.scores[which]
        if score is None or own is None or own.kind != score.kind:
            return score
        if self.probe_steps >= 0.9 * self.stream.steps and not own.value > score.value + _UNLIKE:
            return score
        return own if np.isfinite(own.value) and not own.value <= score.value else score

    @staticmethod
    def quietly(what: Callable[[], T]) -> T | None:
        """Do something with a stranger's model, which may raise anything; None where it does.

        What it warns of it has warned of in the script's own run.
        """
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return what()
        except Exception:
            return None


def _falls(before: Score | None, after: Score | None) -> bool:
    """Whether a score that was above chance goes down: then what was trained on is only learnt by heart."""
    if before is None or after is None:
        return False
    return before.value > before.chance + _ABOVE and after.value < before.value


def _pooled(parts: Sequence[Tensor]) -> Tensor | None:
    """Return tensors one after the other, as many as make some thousand rows; None for different shapes."""
    chosen: list[Tensor] = []
    rows = 0
    for part in parts:
        if not part.ndim or (chosen and part.shape[1:] != chosen[0].shape[1:]):
            return None
        chosen.append(part)
        rows += len(part)
        if rows >= _POOLED:
            break
    return torch.cat(chosen) if chosen else None
