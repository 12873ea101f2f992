"""What was seen of a script, as facts: passes, steps looked at closely, evaluations, and what was printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray
from torch import Tensor, nn, optim

from unstuck.doctor.ragged import in_rows, starts_of
from unstuck.doctor.watch.sites import Place, Site
from unstuck.doctor.watch.tape import Op, tensors_in

__all__ = [
    "Event", "Likelihood", "Look", "LossCall", "Made", "MetricCall", "ModelCall", "Pass", "Printed", "Recording",
    "StepLook",
]  # fmt: skip


@dataclass(slots=True, eq=False)
class LossCall:
    """A call of a loss function of ``torch.nn.functional``."""

    name: str
    input: Tensor  # detached
    target: Tensor  # detached; for a loss of two inputs and no target, the second
    rows: int  # of the target, which may be kept without its numbers
    kwargs: dict[str, Any]
    output: Tensor  # detached
    site: Site | None


@dataclass(slots=True, eq=False)
class ModelCall:
    """A call of a module with parameters that no other module made."""

    module: nn.Module
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    output: Any  # detached
    training: bool
    grad: bool
    site: Site | None
    stack: tuple[Place, ...]
    step: int
    loss: LossCall | None = None  # of the loss functions called after it, the first
    target: Tensor | None = None  # what the output was compared with, where that was seen
    predicted: Tensor | None = None  # what was compared with it: class indices or numbers
    spread: Site | None = None  # the line that compared it with a tensor of another shape, so that both broadcast

    @property
    def given(self) -> list[Tensor]:
        """The tensors it was given, in order."""
        return tensors_in((self.args, self.kwargs))

    @property
    def first(self) -> Tensor | None:
        """The first tensor it was given, if any."""
        return next(iter(self.given), None)

    @property
    def rows(self) -> Tensor | None:
        """The same with a row for each sample, where those lie one after the other."""
        given = self.given
        starts = starts_of(given)
        return next(iter(given), None) if starts is None else in_rows(given[0], given[starts])[0]

    @property
    def kept(self) -> bool:
        """Whether the tensors it was given were kept whole: what takes too much memory is kept without its numbers."""
        return all(t.numel() for t in self.given)


@dataclass(slots=True, eq=False)
class Event:
    """Something that happened between two passes: ``zero_grad``, ``backward``, ``step``, ``clip`` ..."""

    name: str
    site: Site | None
    values: dict[str, float]


@dataclass(slots=True, eq=False)
class Pass:
    """One backward pass, and what led to it."""

    number: int
    step: int  # how many steps of any optimiser came before
    loss: Tensor  # what backward was called on, detached
    scale: float  # of a GradScaler; 1 without
    loss_calls: list[LossCall]
    calls: list[ModelCall]
    site: Site | None
    seconds: float
    loose: list[Tensor] = field(default_factory=list)  # what else the loss was made of that has a row for each sample
    steppers: list[int] = field(default_factory=list)  # the numbers of the optimisers that stepped after it
    inside_step: bool = False  # called by a closure of the optimiser


@dataclass(slots=True, eq=False)
class Look:
    """A pass that was looked at closely: the functions called since the pass before, and the gradients."""

    number: int
    ops: list[Op]
    loss: Tensor  # what backward was called on
    events: list[Event]
    reached: list[Tensor]  # the leaves that the loss's graph leads to
    stale: dict[int, float]  # id of a parameter -> norm of the gradient that lay there before the pass
    gradients: dict[int, float]  # id of a parameter -> norm of its gradient after the pass
    weights: dict[int, float]  # id of a parameter -> its norm when the pass began


@dataclass(slots=True, eq=False)
class StepLook:
    """A step of an optimiser that was looked at closely; norms by the id of the parameter."""

    step: int  # of all optimisers
    own_step: int  # of this optimiser
    optimizer: int
    passes: int  # backward passes since its step before
    applied: dict[int, float | None]  # the gradient that it was given; None for none
    weights: dict[int, float]
    moved: dict[int, float]
    hyper: list[dict[str, float]]  # of each group


@dataclass(slots=True, eq=False)
class Likelihood:
    """The log-probability that a distribution of the model's, or a log-sigmoid, gave to data in a pass looked at."""

    number: int  # of the pass
    least: float  # of the loss's derivatives with respect to it
    most: float
    site: Site | None


@dataclass(slots=True, eq=False)
class Printed:
    """A line that the script printed."""

    step: int
    text: str
    site: Site | None


@dataclass(slots=True, eq=False)
class MetricCall:
    """A call of a metric of scikit-learn."""

    name: str
    first: NDArray[Any]  # the targets, as scikit-learn takes them
    second: NDArray[Any]  # the predictions
    value: float
    site: Site | None
    step: int
    of_model: bool = False  # whether one of the two was seen to come from a model
    swapped: bool = False  # whether that was the first
    scale: float = 1.0  # of the predictions, in units of what the model returned


@dataclass(slots=True, eq=False)
class Made:
    """An object and the line of the user's that made it."""

    thing: Any
    site: Site | None


@dataclass(eq=False)
class Recording:
    """All that the watch kept.

    Objects are numbered in the order in which they were first met; ``lrs`` holds, by the number of an optimiser, a row
    for each of its steps: the step of all optimisers, and the rate of its first group.
    """

    passes: list[Pass] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    step_looks: list[StepLook] = field(default_factory=list)
    evaluations: list[ModelCall] = field(default_factory=list)
    printed: list[Printed] = field(default_factory=list)
    metrics: list[MetricCall] = field(default_factory=list)
    likelihoods: list[Likelihood] = field(default_factory=list)
    iterated: dict[int, tuple[int, Site | None]] = field(default_factory=dict)  # id of a loader -> how often, where
    events: list[Event] = field(default_factory=list)  # of the first passes only
    counts: dict[str, int] = field(default_factory=dict)  # of events, by name, over the whole run
    sites: dict[str, Site] = field(default_factory=dict)  # the first line at which an event happened
    clips: list[tuple[int, str, float, float]] = field(default_factory=list)  # step, kind, bound, norm before
    scaled_clips: int = 0  # clips of gradients that a scaler had multiplied and not divided
    optimizers: list[optim.Optimizer] = field(default_factory=list)
    schedulers: list[Any] = field(default_factory=list)
    lrs: list[list[tuple[int, float]]] = field(default_factory=list)
    made: dict[int, Made] = field(default_factory=dict)  # by id: modules, optimisers, schedulers, loaders
    arrays: dict[int, Site] = field(default_factory=dict)  # address of an array -> the line that made a tensor of it
    # id of a module that took a state from elsewhere -> how many steps had been taken when it first did
    loaded: dict[int, int] = field(default_factory=dict)
    # id of a model -> its copies before its first pass, and before the first after each new optimiser: pass, copy
    copies: dict[int, list[tuple[int, nn.Module | None]]] = field(default_factory=dict)
    # id of a model -> the first names in it, by parameters' ids
    names: dict[int, dict[int, str]] = field(default_factory=dict)
    first_values: dict[int, Tensor] = field(default_factory=dict)  # id of a parameter -> value before its first step
    snapshots: list[tuple[int, int, dict[str, Tensor]]] = field(default_factory=list)  # step, id of a model, state
    steps: int = 0
    seconds: float = 0.0
    error: BaseException | None = None
    failed: Look | None = None  # a pass that raised
    raised: tuple[str, tuple[Any, ...], Site | None] | None = None  # a function that raised, its arguments, its line

    def copy_of(self, model: nn.Module, number: int = 0) -> nn.Module | None:
        """Return the copy of a model as it was before a pass, or the last copy before that; None for none.

        What is returned is the recording's own: copy it before it is changed.
        """
        kept = self.copies.get(id(model), [])
        before = [copy for taken, copy in kept if taken <= number]
        return before[-1] if before else kept[0][1] if kept else None

    def made_at(self, thing: object) -> Site | None:
        """Return the line that made an object, where it was seen."""
        made = self.made.get(id(thing))
        return made.site if made else None

    def optimizer_numbers(self, things: Sequence[optim.Optimizer]) -> list[int]:
        """Return the numbers of optimisers."""
        return [number for number, known in enumerate(self.optimizers) if any(known is thing for thing in things)]
