"""What a report shows beside its findings: curves, layers and a sample batch, in pictures and in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd
from torch import Tensor

from unstuck.doctor.findings import Report
from unstuck.doctor.pictures import FEW, curves, layers
from unstuck.doctor.samples import IMAGES, batch_images, extremes, sample_images
from unstuck.doctor.wording import escaped, number

__all__ = ["exhibits"]

_ROWS, _COLUMNS = 8, 8  # of a batch that is no images
_PROFILE = {
    "shape": "output",
    "mean": "mean",
    "std": "spread",
    "zero": "zero",
    "dead": "always 0",
    "saturated": "saturated",
    "grad_std": "gradient spread",
    "weight_norm": "weight norm",
    "weight_grad_norm": "its gradient's",
}


def exhibits(report: Report) -> Iterator[str]:
    """Return a ``<figure>`` for each thing that there is to see.

    Parameters
    ----------
    report
        Of which run.

    Yields
    ------
    str
        An element with a caption, and a text for those who cannot see it.
    """
    drawn = curves(report.losses, report.evaluations)
    if drawn:
        caption = (
            "The loss of every step"
            + ", faint, and its running median" * (len(report.losses) >= FEW)
            + "; evaluations as dots" * (len(report.evaluations) > 0)
            + "; the learning rate at the bottom" * bool(report.losses["lr"].notna().any())
            + "."
        )
        yield _figure(_labelled(drawn, _curves_said(report)), caption)
    drawn = layers(report.layers)
    if drawn:
        dead = (report.layers["dead"] > 0).any()
        caption = (
            "One batch through the layers, from the first down to the last: the standard deviation of what each gives "
            "out, and that of the gradient which comes back to it"
            + ("; the share of its units that are 0 for every sample." if dead else ". No unit is 0 for every sample.")
        )
        table = f"<details><summary>Every layer in numbers</summary>{_profile(report.layers)}</details>"
        yield _figure(_labelled(drawn, _layers_said(report.layers)), caption, table)
    if report.batch is not None and report.batch[0].numel():
        yield _batch(*report.batch)


def _figure(content: str, caption: str, below: str = "") -> str:
    return f"<figure>\n{content}\n<figcaption>{caption}</figcaption>\n{below}</figure>"


def _labelled(drawn: str, said: str) -> str:
    """Give a picture the text that is read out in its place."""
    return drawn.replace("<svg ", f'<svg role="img" aria-label="{escaped(said)}" ', 1)


def _curves_said(report: Report) -> str:
    losses = report.losses
    known = losses[np.isfinite(losses["loss"].to_numpy(float))].reset_index(drop=True)
    lowest = known.loc[known["loss"].idxmin()]
    said = [
        f"Loss over {number(len(losses))} steps: {number(float(known['loss'].iloc[0]))} at first, lowest "
        f"{number(float(lowest['loss']))} at step {number(int(lowest['step']))}, "
        f"{number(float(known['loss'].iloc[-1]))} at last."
    ]
    for name, part in report.evaluations.groupby("name", sort=False):
        for what in ("loss", "accuracy"):
            values = part[what].dropna()
            if len(values):
                said.append(
                    f"Evaluation, {name}: {what} {number(float(values.iloc[0]))} at first, "
                    f"{number(float(values.iloc[-1]))} at last."
                )
    return " ".join(said)


def _layers_said(profile: pd.DataFrame) -> str:
    said = [f"{number(len(profile))} calls of layers."]
    for column, what in (("std", "Spread of the outputs"), ("grad_std", "Spread of the gradients")):
        values = profile[column].dropna()
        if len(values):
            said.append(
                f"{what}: {number(float(values.iloc[0]))} at the first, {number(float(values.iloc[-1]))} at the last."
            )
    dead = profile["dead"].dropna()
    if len(dead):
        said.append(f"Units that are always 0: at most {100 * dead.max():.0f} %, in {dead.idxmax()}.")
    return " ".join(said)


def _profile(profile: pd.DataFrame) -> str:
    rows = [
        [f"{name} {row['kind']}", *("" if _missing(row[column]) else _cell(row[column]) for column in _PROFILE)]
        for name, row in profile.iterrows()
    ]
    return _table(["layer", *_PROFILE.values()], rows)


def _batch(x: Tensor, y: Tensor | None) -> str:
    x = x.detach()
    said = f"A batch as the model got it: {_described(x)}" + (f"; targets: {_described(y)}." if y is not None else ".")
    pixels = sample_images(x)
    if pixels is None:
        flat = x.reshape(len(x), -1) if x.ndim else x.reshape(1, 1)
        shown, more = flat[:_ROWS, :_COLUMNS].tolist(), flat.shape[1] > _COLUMNS
        targets = _targets(y, len(flat))
        headings = [*map(str, range(len(shown[0]))), *["…"] * more, *["target"] * bool(targets)]
        rows = [[*map(_cell, row), *[""] * more, *targets[place : place + 1]] for place, row in enumerate(shown)]
        return _figure(_table(["", *headings], [[str(place), *row] for place, row in enumerate(rows)]), said)
    drawn = batch_images(pixels, _targets(y, len(pixels)))
    height, width = pixels.shape[2:]
    low, high = map(_cell, extremes(pixels[:IMAGES]))
    said += f" Its first {min(IMAGES, len(pixels))} samples are drawn as images of {height} by {width} pixels: "
    said += f"black is {low}, white is {high}."
    return _figure(_labelled(drawn, said), said)


def _described(values: Tensor) -> str:
    shape = " × ".join(map(str, values.shape)) or "one number"
    plain = values.double()
    known = plain[plain.isfinite()]
    said = f"{shape}, {str(values.dtype).removeprefix('torch.')}"
    if known.numel():
        said += f", from {_cell(known.min().item())} to {_cell(known.max().item())}"
        said += f", mean {_cell(known.mean().item())}" * values.is_floating_point()
    lost = plain.numel() - known.numel()
    return said + (f", {number(lost)} of them not finite" if lost else "")


def _targets(y: Tensor | None, count: int) -> list[str]:
    """Return a text for each sample's target, where it is one number."""
    if y is None or y.numel() != count or len(y) != count:
        return []
    return [_cell(value) for value in y.flatten().tolist()]


def _cell(value: object) -> str:
    if isinstance(value, float):
        return number(int(value)) if value.is_integer() and abs(value) < 1e6 else f"{value:.3g}"
    if isinstance(value, tuple):
        return " × ".join(map(str, value)) or "1"
    return str(value)


def _missing(value: object) -> bool:
    return isinstance(value, float) and np.isnan(value)


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table whose first column names the rows; it scrolls by itself where it is too wide."""
    head = "".join(f'<th scope="col">{escaped(heading)}</th>' for heading in headings)
    body = "\n".join(
        f'<tr><th scope="row">{escaped(first)}</th>{"".join(f"<td>{escaped(cell)}</td>" for cell in cells)}</tr>'
        for first, *cells in rows
    )
    return f'<div class="wide"><table>\n<tr>{head}</tr>\n{body}\n</table></div>'
