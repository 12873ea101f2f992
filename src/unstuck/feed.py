"""What the loop is fed: anybody's batches, in an order that can be had again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

import torch
from torch import Tensor

from unstuck.data import Batches, Data, epoch_seed
from unstuck.run import Run

__all__ = [
    "EVALUATION_BATCH",
    "Batch",
    "Feed",
    "count_batches",
    "evaluation_batches",
    "rest_of_epoch",
    "training_batches",
]

Batch = tuple[Tensor, Tensor]
Feed = Data | Iterable[Batch] | Mapping[str, Iterable[Batch]]

EVALUATION_BATCH = 1024  # samples; without a graph, so larger than a training batch may be


def training_batches(data: Feed, batch_size: int, seed: int, device: torch.device) -> Iterable[Batch]:
    """Return what to train on, of all that :func:`~unstuck.loop.fit` takes as data.

    Raises
    ------
    ValueError
        If a mapping holds no ``"train"``.
    """
    if isinstance(data, Data):
        return data.to(device).train.batches(batch_size, shuffle=True, seed=seed)
    if not isinstance(data, Mapping):
        return data
    if "train" not in data:
        raise ValueError(f"data must hold 'train', got {sorted(data)}")
    return data["train"]


def evaluation_batches(
    data: Feed, evaluate_on: Sequence[str] | None, device: torch.device
) -> dict[str, Iterable[Batch]]:
    """Return what to measure, by name, of all that :func:`~unstuck.loop.fit` takes as data.

    Raises
    ------
    ValueError
        If `evaluate_on` names a split that is not there.
    """
    splits: Mapping[str, Iterable[Batch]]
    if isinstance(data, Data):
        on_device = data.to(device).splits
        splits = {name: split.batches(min(len(split), EVALUATION_BATCH)) for name, split in on_device.items()}
        default = list(splits)
    else:
        splits = data if isinstance(data, Mapping) else {"train": data}
        default = [name for name in splits if name != "train"]
    names = default if evaluate_on is None else evaluate_on
    if unknown := set(names) - set(splits):
        raise ValueError(f"evaluate_on names {sorted(unknown)}, but data holds {sorted(splits)}")
    return {name: splits[name] for name in names}


def count_batches(training: Iterable[Batch]) -> int | None:
    """Return how many batches an epoch has; none where only walking over it would tell."""
    try:
        return len(training)  # type: ignore[arg-type]
    except TypeError:
        return None


def rest_of_epoch(training: Iterable[Batch], run: Run) -> Iterator[Batch]:
    """Return the batches of the open epoch that were not trained on yet.

    What draws its order from PyTorch's random numbers, as a data loader does, draws the same one in every process, and
    again when the run is resumed: from the seed and the epoch alone, as :class:`~unstuck.data.Batches` does.
    """
    epoch = len(run.history)
    if isinstance(training, Batches):
        return islice(training.epoch_batches(epoch), run.batch, None)
    rest = islice(_with_own_random_numbers(training, epoch_seed(run.seed, epoch)), run.batch, None)
    generator = getattr(training, "generator", None)
    return _noting(generator, rest, run) if isinstance(generator, torch.Generator) else rest


def _noting(generator: torch.Generator, batches: Iterator[Batch], run: Run) -> Iterator[Batch]:
    """Begin the epoch with the state that the loader's own generator had, and note what it has after it."""
    if run.loader_random is not None:
        generator.set_state(run.loader_random)
    run.loader_random = generator.get_state()
    yield from batches
    run.loader_random = generator.get_state()


def _with_own_random_numbers(training: Iterable[Batch], seed: int) -> Iterator[Batch]:
    ours = torch.get_rng_state()
    torch.default_generator.manual_seed(seed)
    iterator = iter(training)
    while True:
        try:
            batch = next(iterator)
        except StopIteration:
            return
        finally:
            its = torch.get_rng_state()
            torch.set_rng_state(ours)
        yield batch
        ours = torch.get_rng_state()
        torch.set_rng_state(its)
