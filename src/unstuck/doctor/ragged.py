"""Samples of different lengths: padded to the longest of a batch, or one after the other with where each begins."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

__all__ = ["in_line", "in_rows", "padded", "starts_of"]


def starts_of(tensors: Sequence[Tensor]) -> int | None:
    """Return the place of the tensor that says where each sample begins in the first, as of an ``EmbeddingBag``.

    Parameters
    ----------
    tensors
        What a model is given, in order.

    Returns
    -------
    int or None
        None where the first tensor is not of indices one after the other, or nothing says where samples begin.
    """
    if not tensors or tensors[0].ndim != 1 or tensors[0].dtype != torch.long:
        return None
    total = len(tensors[0])
    for place, one in enumerate(tensors[1:], 1):
        if one.ndim != 1 or one.dtype != torch.long or not 1 < len(one) < total:
            continue
        if not int(one[0]) and bool((one[1:] >= one[:-1]).all()) and int(one[-1]) < total:
            return place
    return None


def in_rows(flat: Tensor, starts: Tensor) -> tuple[Tensor, Tensor]:
    """Return samples that lie one after the other as rows ``(samples, longest)``, padded with zeros, and their lengths.

    The inverse of :func:`in_line`.
    """
    lengths = torch.cat([starts, starts.new_tensor([len(flat)])]).diff()
    return pad_sequence(list(torch.split(flat, lengths.tolist())), batch_first=True), lengths


def in_line(rows: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """Return rows without their padding, one after the other, and where each begins: the inverse of :func:`in_rows`."""
    inside = torch.arange(rows.shape[1], device=rows.device) < lengths[:, None]
    return rows[inside], lengths.cumsum(0) - lengths


def padded(parts: Sequence[Tensor]) -> list[Tensor]:
    """Return tensors padded at the end of their second axis to the longest; as they are where more than that differs.

    Numbers are padded as most rows of theirs end, if most do so alike, and else with zeros.
    """
    if len({part.shape[1:] for part in parts}) < 2 or any(part.ndim < 2 for part in parts):
        return list(parts)
    if len({(part.ndim, part.shape[2:], part.dtype) for part in parts}) > 1:
        return list(parts)
    width, filling = max(part.shape[1] for part in parts), _filling(parts)
    return [
        torch.cat([part, part.new_full((len(part), width - part.shape[1], *part.shape[2:]), filling)], 1)
        for part in parts
    ]


def _filling(parts: Sequence[Tensor]) -> float:
    if parts[0].is_floating_point() or not all(part.shape[1] for part in parts):
        return 0
    last = torch.cat([part[:, -1].flatten() for part in parts])
    values, counts = torch.unique(last, return_counts=True)
    return float(values[counts.argmax()]) if int(counts.max()) > len(last) / 2 else 0
