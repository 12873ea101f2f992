"""Checks for the exercises of the chapter ``book/stuck_model.md``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from unstuck.exercises.answers import AnswerError, Checker, call, expect_close
from unstuck.exercises.suspects import CANDIDATES, Suspect, suspect
from unstuck.inspection import inspect_data
from unstuck.loop import evaluate

__all__ = ["CHECKS"]


def _floor(answer: Any) -> None:
    y = torch.arange(40) % 5
    y[:4] = 3
    logits = torch.rand(40, 5, generator=torch.Generator().manual_seed(0))
    for silent, spoilt in (([1, 3], [2]), ([0], []), ([], [4]), ([0, 1, 2, 3, 4], [])):
        z = logits.clone()
        z[:, silent] = 0.0
        z[::2, spoilt] = 0.0  # now and then zero, and alive all the same
        lost = torch.isin(y, torch.tensor(silent, dtype=torch.long))
        share = lost.float().mean().item()
        expect_close(
            call(answer, z, y),
            share * math.log(5),
            "a sample of a silent class costs ln C at least, and any other can come down to nothing: count the samples "
            "of the classes whose output is zero for every sample",
            mistakes={
                "that is the share of samples; each of them costs ln C": share,
                "count samples, not classes: the classes are not equally common": len(silent) / 5 * math.log(5),
                "count the outputs that are zero for every sample, not all zeros": (z == 0).float().mean().item()
                * math.log(5),
                "an output that is zero for some samples is alive: it learns from the others": torch.isin(
                    y, torch.tensor(silent + spoilt, dtype=torch.long)
                )
                .float()
                .mean()
                .item()
                * math.log(5),
                "that is what the logits cost now; the floor is what training can bring it down to": F.cross_entropy(
                    z, y
                ),
                "all outputs take part in the sum of the softmax, not only the silent ones": share
                * math.log(max(len(silent), 1)),
            },
        )


def _probe(run: Suspect) -> float:
    """Return the accuracy of a linear classifier on what the program trained on, out of fold."""
    return inspect_data({"train": tuple(run.train), "test": tuple(run.test)}).floors["linear"]


def _scale(run: Suspect) -> str:
    parts = [f"mean {x.mean():.2f} and deviation {x.std():.2f} in {name}" for name, x in _inputs(run).items()]
    return f"what the model is given has {' and '.join(parts)}: nothing is amiss with its scale"


def _inputs(run: Suspect) -> dict[str, Tensor]:
    return {"training": run.train.x, "testing": run.test.x}


def _recomputed(run: Suspect) -> tuple[float, float]:
    """Return the test accuracy that was printed last, and the one that the model has."""
    return run.log.test_accuracy.iloc[-1], evaluate(run.model, run.test.batches())["accuracy"]


def _no_room_needed(run: Suspect) -> str:
    best = run.log.train_accuracy.max()
    return f"the same network has been at {best:.0%} of the training images in its own log: it has room enough"


def _moved(run: Suspect) -> str:
    model, optimizer = run.start()
    before = torch.cat([w.detach().flatten() for w in model.parameters()])
    run.step(model, optimizer, run.train.x[:50], run.train.y[:50])
    after = torch.cat([w.detach().flatten() for w in model.parameters()])
    share = (after - before).norm() / before.norm()
    return f"one step moves the weights by {share:.2%} of their size"


def _print_agrees(run: Suspect) -> str:
    told, true = _recomputed(run)
    return f"the log says {told:.0%} on test images and `evaluate` {true:.0%}: the print is right"


def _print_differs(run: Suspect) -> str:
    told, true = _recomputed(run)
    return f"the log says {told:.0%} on test images, and `evaluate` on the same model {true:.0%}"


def _at_a_tenth(run: Suspect) -> str:
    """Return how the test loss goes at a tenth of the rate, all else as the program has it."""
    model, optimizer = run.start()
    for group in optimizer.param_groups:
        group["lr"] /= 10
    batches, losses = run.train.batches(50, shuffle=True), []
    for _ in range(len(run.log)):
        for x, y in batches:
            run.step(model, optimizer, x, y)
        losses.append(evaluate(model, run.test.batches())["loss"])
    return f"at a tenth of it the test loss falls to {min(losses):.2f} and climbs to {losses[-1]:.2f} all the same"


def _probed(run: Suspect) -> str:
    return f"a linear classifier on the same tensors gets {_probe(run):.0%} out of fold"


Refutation = Callable[[Suspect], str]

_FIRST: dict[str, Refutation] = {
    "overfitting": lambda run: (
        "it learns by heart, but why does it learn nothing else? A linear classifier, which "
        f"can hardly overfit here, gets {_probe(run):.0%} out of fold, a guess: look at the data"
    ),
    "labels_misaligned": lambda run: (
        "the numbers say so, and inspect_data may say so too: no label belongs to its "
        "input. But labels in a wrong order leave the images whole. Draw the first ten of run.train.x"
    ),
    "label_noise": lambda run: (
        f"a linear classifier gets {_probe(run):.0%} out of fold: if some labels were right, it "
        "would do better than a guess. Draw the first ten of run.train.x"
    ),
    "inputs_not_normalised": _scale,
    "train_test_preprocessing_mismatch": lambda run: f"{_scale(run)}, and both splits are alike",
    "under_capacity": lambda run: (
        "the training accuracy climbs still, and a larger network would learn more by heart: "
        f"the test accuracy is at {run.log.test_accuracy.iloc[-1]:.0%}, a guess. Look at the data"
    ),
    "too_few_steps": lambda run: (
        f"the test loss was {run.log.test_loss.iloc[0]:.2f} after the first epoch and is "
        f"{run.log.test_loss.iloc[-1]:.2f} after the last: more of the same makes it worse"
    ),
}
_SECOND: dict[str, Refutation] = {
    "lr_too_high": lambda run: (
        f"it looks like that, and is not: {_at_a_tenth(run)}. What is in `.grad` after a step, "
        "and what after a second one on the same batch?"
    ),
    "momentum_too_high": lambda run: (
        "momentum would look just so, since it too adds old gradients to new ones; but "
        f"the optimizer's is {run.optimizer.param_groups[0]['momentum']:g}. Who else keeps old gradients?"
    ),
    "lr_too_low": _moved,
    "missing_optimizer_step": _moved,
    "under_capacity": _no_room_needed,
    "overfitting": lambda run: (
        f"the training accuracy falls as well, from {run.log.train_accuracy.max():.0%} to "
        f"{run.log.train_accuracy.iloc[-1]:.0%}: what overfits gets better there"
    ),
    "label_noise": _probed,
    "labels_misaligned": _probed,
    "reshape_scrambles_data": _probed,
    "inputs_not_normalised": _scale,
    "train_test_preprocessing_mismatch": _scale,
}
_THIRD: dict[str, Refutation] = {
    "metric_wrong": lambda run: (
        f"a good find: {_print_differs(run)}. The counting is right, though; what is not? "
        "Measure twice on the same images, and look at run.model.training"
    ),
    "dropout_too_strong": lambda run: f"strong it is, but it has done no harm: {_print_differs(run)}",
    "under_capacity": lambda run: f"{_print_differs(run)}: there is room enough",
    "too_few_steps": lambda run: f"{_print_differs(run)}: it is the number that is stuck, not the network",
    "weight_decay_too_strong": lambda run: (
        f"the optimizer has a weight_decay of {run.optimizer.param_groups[0]['weight_decay']:g}"
    ),
    "overfitting": lambda run: f"training and test accuracy agree in the log; and {_print_differs(run)}",
}


def _diagnosis(name: str, cause: str, refutations: dict[str, Refutation]) -> Checker:
    def checker(answer: Any) -> None:
        if not isinstance(answer, str):
            raise AnswerError(f"name one cause, as a string: one of {', '.join(CANDIDATES)}; got {answer!r}")
        named = answer.strip().lower().replace(" ", "_").replace("-", "_")
        if named not in CANDIDATES:
            raise AnswerError(f"{answer!r} is none of the candidates: {', '.join(CANDIDATES)}")
        if named == cause:
            return
        run = suspect(name)
        refuted = refutations.get(named)
        if refuted:
            raise AnswerError(f"not {named}: {refuted(run)}")
        others = _print_differs(run) if cause == "wrong_train_eval_mode" else _print_agrees(run)
        raise AnswerError(f"not {named}; go through the eight questions in their order. The first: {others}")

    return checker


CHECKS: dict[str, Checker] = {
    "floor": _floor,
    "first": _diagnosis("first", "reshape_scrambles_data", _FIRST),
    "second": _diagnosis("second", "missing_zero_grad", _SECOND),
    "third": _diagnosis("third", "wrong_train_eval_mode", _THIRD),
}
