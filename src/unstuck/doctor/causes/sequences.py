"""Token sequences that are laid out otherwise in the evaluation: padded on another side, or read backwards."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from unstuck.doctor.case import Case, Suspicion, Verdict
from unstuck.doctor.given import given_to, held_out, maker_of
from unstuck.doctor.probes import score_error
from unstuck.doctor.retrials import mapped_score

__all__ = ["laid_out_otherwise"]

_GAIN = 0.05  # of the score, that another layout must bring; and so many standard errors
_ERRORS = 3.0
_NEARLY = 0.7  # of what training knows


def laid_out_otherwise(case: Case) -> Suspicion | None:
    """Tell token sequences that the trained model understands once they are padded or turned as training's are."""
    given, train = given_to(case), case.scores[0]
    if given.numeric or case.stream.interleaved or train is None or case.x is None or case.x.ndim != 2:
        return None
    for evaluated in held_out(case):
        x = evaluated.x
        if x is None or x.ndim != 2 or len(x) < 10:
            continue
        before = mapped_score(case, evaluated, lambda batch: batch)
        if before is None or not np.isfinite(before.value):
            continue
        for name, undo in (("padded on their other side", _other_side), ("read backwards", _backwards)):
            after = mapped_score(case, evaluated, undo)
            if after is None or not np.isfinite(after.value):
                continue
            gained = after.value - before.value
            if gained < max(_GAIN, _ERRORS * score_error(after, len(x)), 0.2 * (1 - before.value)):
                continue
            if after.skill < _NEARLY * train.skill:
                continue  # it is not what training's are like, either
            tried = f"evaluation inputs {name}: {before} -> {after.value:.2f}, with no training"
            return Suspicion(
                "train_test_preprocessing_mismatch",
                0.85,
                f"The sequences of the evaluation are not laid out as those of training: {name}, they score "
                f"{after.name} {after.value:.2f} with the trained model, and as they are {before.value:.2f}.",
                {"score_as_given": before.value, "score_undone": after.value},
                "Prepare the inputs of training and evaluation by the same code.",
                maker_of(case, x) or evaluated.site,
                probe=lambda tried=tried: Verdict(True, tried),  # type: ignore[misc]
                consequences=("overfitting", "wrong_train_eval_mode", "labels_misaligned", "dropout_too_strong"),
            )
    return None


def _other_side(x: Tensor) -> Tensor:
    """Move the padding of token sequences from their end to their beginning, or the other way round."""
    padding = _padding_of(x)
    if padding is None:
        return x
    inside = (x != padding).long()
    first = inside.argmax(1)
    last = x.shape[1] - 1 - inside.flip(1).argmax(1)
    by = torch.where(first > 0, -first, x.shape[1] - 1 - last)
    places = (torch.arange(x.shape[1], device=x.device) - by[:, None]) % x.shape[1]
    return x.gather(1, places)


def _backwards(x: Tensor) -> Tensor:
    """Turn token sequences round, and leave the padding where it is."""
    return _other_side(x.flip(1))


def _padding_of(x: Tensor) -> int | None:
    """Return the token that more than half of the sequences begin or end with; None where there is none."""
    edges = torch.cat([x[:, 0], x[:, -1]])
    values, counts = torch.unique(edges, return_counts=True)
    return int(values[counts.argmax()]) if int(counts.max()) > len(x) / 2 else None
