"""The samples behind a stream: what its passes were given, row by row, and the tensors from which these were taken."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from unstuck.doctor.case import Case, EvaluationSet
from unstuck.doctor.ragged import padded
from unstuck.doctor.watch.sites import Site
from unstuck.doctor.watch.tape import Op
from unstuck.inspection.chance import digests
from unstuck.inspection.reading import Samples

__all__ = ["Given", "given_to", "held_out", "keys_of", "made_from", "maker_of", "samples_of", "statistics_of"]

Array = NDArray[np.generic]

_MOST = 20_000  # rows that are told apart
_TAKING = frozenset({"__getitem__", "index_select", "split", "chunk", "unbind", "stack", "narrow", "cat", "gather"})


def keys_of(x: Tensor) -> NDArray[np.uint64]:
    """Return a key for each row, the same for the same numbers; zeros at its end, as of padding, do not count."""
    x = x.detach().cpu()
    values = x.float() if x.dtype in (torch.bfloat16, torch.float16) else x
    array = values.numpy()
    return digests(array + 0.0 if array.dtype.kind == "f" else array)  # so that -0.0 is 0.0


def samples_of(x: Tensor, y: Tensor) -> Samples:
    """Return inputs and targets as the inspection of data takes them."""
    inputs = x.detach().cpu().float().numpy() + np.float32(0)
    targets = y.detach().cpu()
    return Samples(inputs, (targets.float() if targets.is_floating_point() else targets).numpy(), np.arange(len(x)))


@dataclass(eq=False)
class Given:
    """What the passes of a stream were given: the first tensor of the first model, and what the loss held against it.

    Only passes of which both were kept are here; ``xs`` and ``ys`` are in step, and in the order of the passes.
    """

    case: Case

    @cached_property
    def pairs(self) -> list[tuple[Tensor, Tensor]]:
        """The inputs and targets of each pass."""
        case, found = self.case, []
        by_hand = not any(done.loss_calls for done in case.stream.passes)
        if by_hand or (case.rerun is not None and case.rerun.program.loose):
            if case.rerun is None:
                return []
            program = case.rerun.program
            x_key = program.first_input
            y_key = program.first_target
            pairs = [(batch.get(x_key or 0), batch.get(y_key or 0)) for batch in case.rerun.batches]
            return [(x, y) for x, y in pairs if x is not None and y is not None and x.ndim and y.ndim]
        for done in case.stream.passes:
            x = done.calls[0].rows if done.calls else None
            if x is not None and x.numel() and x.ndim and done.loss_calls:
                target = done.loss_calls[0].target
                if target.numel() and target.ndim:
                    found.append((x, target))
        return found

    @property
    def rowwise(self) -> bool:
        """Whether each row of the inputs has a row of the targets."""
        return bool(self.pairs) and all(len(x) == len(y) for x, y in self.pairs)

    @cached_property
    def aligned(self) -> bool:
        """Whether those rows belong together, where the loss is computed by hand: a list that is sorted, say, is not.

        Then the loss is the same however the rows of a batch are permuted, all of them alike.
        """
        case, again = self.case, self.case.rerun
        if case.loss_name or again is None:
            return True
        models = case.quietly(again.final)
        if models is None:
            return True
        for model in models.values():
            model.eval()
        parameters = again.parameters_for(models)
        program, rows = again.program, len(self.pairs[0][0])
        batch = {**program.values, **again.batches[-1]}
        order = torch.arange(rows).flip(0)
        turned = {key: value[order] if value.ndim and len(value) == rows else value for key, value in batch.items()}

        def loss(of: dict[int, Tensor]) -> float:
            with torch.no_grad(), torch.random.fork_rng(devices=[]):
                torch.manual_seed(0)
                return float(program.run(models, of, parameters).loss)

        both = case.quietly(lambda: (loss(batch), loss(turned)))
        return both is None or abs(both[0] - both[1]) <= 1e-3 * (abs(both[0]) + 1e-6)

    @property
    def places(self) -> bool:
        """Whether a target is the place of its row in the batch, as of pairs that are told from all others in it."""
        return bool(self.pairs) and all(
            y.ndim == 1 and not y.is_floating_point() and len(y) > 2 and torch.equal(y, torch.arange(len(y)).to(y))
            for _, y in self.pairs[:3]
        )

    @cached_property
    def keys(self) -> list[NDArray[np.uint64]]:
        """The keys of the rows of each pass; of the first some thousand rows."""
        found, rows = [], 0
        for x, _ in self.pairs:
            found.append(keys_of(x))
            rows += len(x)
            if rows >= _MOST:
                break
        return found

    @cached_property
    def distinct(self) -> tuple[Tensor, Tensor] | None:
        """The inputs and targets without rows that occurred before; None where rows have different shapes."""
        pairs = self.pairs[: len(self.keys)]
        xs = padded([x for x, _ in pairs])
        pairs = list(zip(xs, (y for _, y in pairs), strict=True))
        if not self.rowwise or len({(x.shape[1:], x.dtype, y.shape[1:], y.dtype) for x, y in pairs}) != 1:
            return None
        first = np.sort(np.unique(np.concatenate(self.keys), return_index=True)[1])
        return torch.cat([x for x, _ in pairs])[first], torch.cat([y for _, y in pairs])[first]

    @cached_property
    def all_keys(self) -> NDArray[np.uint64]:
        """The keys of all rows, each once."""
        return np.unique(np.concatenate(self.keys)) if self.keys else np.zeros(0, dtype=np.uint64)

    @cached_property
    def numeric(self) -> bool:
        """Whether inputs are numbers rather than indices of an embedding."""
        return bool(self.pairs) and self.pairs[0][0].is_floating_point()

    # -- where they come from -----------------------------------------------------------------------------------------

    @cached_property
    def x_chain(self) -> list[Op]:
        """The functions that made the inputs of the first pass, from the model back to where the tape begins."""
        for look, done in self._first:
            calls = [op for op in look if isinstance(op.func, nn.Module) and op.grad][-max(done, 1) :]
            if calls and calls[0].inputs:
                return made_from(look, calls[0].inputs[0])
        return []

    @cached_property
    def y_chain(self) -> list[Op]:
        """Likewise of its targets."""
        from unstuck.doctor.watch.losses import LOSSES

        for look, _ in self._first:
            losses = [op for op in look if op.name in LOSSES and not op.modules and op.grad]
            if losses:
                op = losses[0]
                target = op.args[1] if len(op.args) > 1 else op.kwargs.get("target")
                if isinstance(target, Tensor):
                    return made_from(look, target)
        return []

    @cached_property
    def drawn_from(self) -> tuple[Tensor | None, Site | None]:
        """What the inputs of the second pass were taken from, and the line that did so.

        Unlike :attr:`base_x` it is known only where batches are taken anew in every pass.
        """
        looks = self.case.stream.looks[1:2]
        calls = [op for look in looks for op in look.ops if isinstance(op.func, nn.Module) and op.grad]
        if not calls or not self.pairs or not calls[-1].inputs:
            return None, None
        chain = made_from(looks[0].ops, calls[-1].inputs[0])
        return _base(chain, len(self.pairs[0][0])), self.taking(chain)

    @property
    def _first(self) -> list[tuple[list[Op], int]]:
        counts = {done.number: len(done.calls) for done in self.case.stream.passes}
        return [(look.ops, counts[look.number]) for look in self.case.stream.looks[:1]]

    @cached_property
    def base_x(self) -> Tensor | None:
        """The tensor with all samples from which the inputs of a pass were taken, where one was seen."""
        return _base(self.x_chain, len(self.pairs[0][0])) if self.pairs else None

    @cached_property
    def base_y(self) -> Tensor | None:
        """Likewise of the targets."""
        return _base(self.y_chain, len(self.pairs[0][1])) if self.pairs else None

    @cached_property
    def ordered(self) -> tuple[Tensor, Tensor] | None:
        """All samples in the order in which the script holds them; None where that was not seen."""
        x, y, first = self.base_x, self.base_y, self.pairs[0] if self.pairs else None
        if x is None or y is None or first is None or len(x) != len(y):
            return None
        same = x.shape[1:] == first[0].shape[1:] and y.shape[1:] == first[1].shape[1:]
        return (x, y) if same and x.dtype == first[0].dtype and y.dtype == first[1].dtype else None

    @cached_property
    def origin(self) -> tuple[Tensor, Tensor] | None:
        """All samples before the script split or shuffled them; as :attr:`ordered` where they were not."""
        x, y = _origin(self.x_chain), _origin(self.y_chain)
        pair = self.pairs[0] if self.pairs else None
        if x is None or y is None or pair is None or len(x) != len(y) or x.shape[1:] != pair[0].shape[1:]:
            return self.ordered
        return (x, y) if y.shape[1:] == pair[1].shape[1:] else self.ordered

    def source(self, chain: list[Op]) -> Site | None:
        """Return the line that made the tensor with all samples: the last that did more than take rows of it."""
        made = next((op.site for op in chain if op.name not in _TAKING and op.site), None)
        if made is not None or not chain or not chain[-1].inputs:
            return made
        first = max(chain[-1].inputs, key=lambda t: t.numel())
        return self.case.seen.arrays.get(first.untyped_storage().data_ptr()) if first.layout == torch.strided else None

    def taking(self, chain: list[Op]) -> Site | None:
        """Return the line that took a batch."""
        return next((op.site for op in chain if op.name in _TAKING and op.site), None)


def given_to(case: Case) -> Given:
    """Return what the passes of a case were given, worked out once."""
    if "given" not in case.known:
        case.known["given"] = Given(case)
    found: Given = case.known["given"]
    return found


def made_from(ops: list[Op], tensor: Tensor) -> list[Op]:
    """Return the functions that made a tensor, the last first, along the largest of each one's inputs."""
    producers = {id(out): op for op in ops for out in op.outputs if not isinstance(op.func, nn.Module)}
    found: list[Op] = []
    while (op := producers.pop(id(tensor), None)) is not None:
        found.append(op)
        given = [t for t in op.inputs if t is not tensor]
        if not given:
            break
        tensor = max(given, key=lambda t: t.numel())
    return found


def _base(chain: list[Op], rows: int) -> Tensor | None:
    for op in chain:
        if op.name not in _TAKING or op.name == "stack":
            continue
        largest = max(op.inputs, key=lambda t: t.numel(), default=None)
        if largest is not None and largest.ndim and len(largest) > rows:
            return largest.detach()
    return None


def _origin(chain: list[Op]) -> Tensor | None:
    """Return the tensor that rows were first taken from, however often they were taken again."""
    found = None
    for op in chain:
        if op.name not in _TAKING:
            break
        largest = max(op.inputs, key=lambda t: t.numel(), default=None)
        if op.name != "stack" and largest is not None and largest.ndim:
            found = largest.detach()
    return found


def maker_of(case: Case, x: Tensor) -> Site | None:
    """Return the line that made a tensor with these rows, before the first pass; None where none was seen to."""
    for look in case.stream.looks[:1]:
        for op in reversed(look.ops):
            if isinstance(op.func, nn.Module) or op.modules:
                continue
            for out in op.outputs:
                same = out.ndim == x.ndim and out.shape == x.shape and out.dtype == x.dtype
                if same and len(out) and torch.equal(out[:1], x[:1]) and torch.equal(out[-1:], x[-1:]):
                    return op.site
    return None


def statistics_of(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and deviation by channel or feature, in a shape that fits a sample; 1 where there is no deviation."""
    if x.ndim <= 2:
        axes: tuple[int, ...] = (0,)
    elif x.ndim == 3:  # sequences: whichever axis is longer is time
        axes = (0, 1) if x.shape[1] >= x.shape[2] else (0, 2)
    else:
        axes = (0, *range(2, x.ndim))
    mean, std = x.mean(axes, keepdim=True)[0], x.std(axes, keepdim=True)[0]
    return mean, torch.where(std > 1e-6 * max(float(x.std()), 1e-30), std, torch.ones_like(std))


def held_out(case: Case, most: float = 0.5) -> list[EvaluationSet]:
    """Return the evaluations on samples of which at most such a share was trained on, with inputs and targets."""
    mine, found = given_to(case).all_keys, []
    for evaluated in case.evaluation_sets:
        if evaluated.x is None or evaluated.y is None or len(evaluated.x) < 2:
            continue
        if np.isin(keys_of(evaluated.x[:_MOST]), mine).mean() <= most:
            found.append(evaluated)
    return found
