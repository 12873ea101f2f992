"""The doctor: watches what happens in a block, and reports on it."""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from unstuck.doctor.case import Budget, Case
from unstuck.doctor.findings import Observed, Report
from unstuck.doctor.judge import judge
from unstuck.doctor.streams import Stream, streams_of
from unstuck.doctor.watch.install import watching
from unstuck.doctor.watch.watcher import EnoughError, Watcher
from unstuck.layers import layer_profile

__all__ = ["Doctor"]

_LEAST = 30.0  # seconds that the probes may take, however short the run


class Doctor:
    """Watches the training loops in a block, and says why they do not learn.

    Parameters
    ----------
    probes
        Whether suspicions are tried out after the block, by short reruns on copies.
    max_steps, seconds
        After how many optimiser steps, or seconds, to leave the block; None for never.

    Raises
    ------
    ValueError
        If ``max_steps`` or ``seconds`` is not positive.

    Examples
    --------
    >>> from torch import nn
    >>> model = nn.Sequential(nn.Linear(2, 3), nn.Softmax(dim=1))
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    >>> x, y = torch.randn(30, 2), torch.arange(30) % 3
    >>> with Doctor(probes=False) as doctor:
    ...     for _ in range(20):
    ...         optimizer.zero_grad()
    ...         nn.functional.cross_entropy(model(x), y).backward()
    ...         optimizer.step()
    >>> doctor.report().findings[0].cause
    'softmax_before_cross_entropy'

    References
    ----------
    Chapter: Debugging a stuck model.
    """

    def __init__(self, *, probes: bool = True, max_steps: int | None = None, seconds: float | None = None) -> None:
        for name, value in (("max_steps", max_steps), ("seconds", seconds)):
            if value is not None and not value > 0:
                raise ValueError(f"{name} must be positive, got {value}")
        self.probes = probes
        self._watcher = Watcher(max_steps, seconds)
        self._open: ExitStack | None = None
        self._report: Report | None = None

    def __enter__(self) -> Doctor:
        """Start to watch."""
        if self._open is not None:
            raise RuntimeError("a doctor watches one block: make another for the next")
        self._open = ExitStack()
        self._open.enter_context(watching(self._watcher))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Stop; leaving early because enough was seen is no error."""
        assert self._open is not None
        self._open.close()
        self._watcher.seen.error = None if isinstance(error, EnoughError) else error
        return isinstance(error, EnoughError)

    def report(self) -> Report:
        """Judge what was seen, trying suspicions out where probes are allowed; the same report each time.

        Raises
        ------
        RuntimeError
            If nothing was watched yet.
        """
        if self._open is None:
            raise RuntimeError("nothing was watched: put the training loop into a block, `with Doctor() as doctor:`")
        if self._report is None:
            self._report = self._made()
        return self._report

    def _made(self) -> Report:
        seen = self._watcher.seen
        budget = Budget(max(seen.seconds, _LEAST)) if self.probes else None
        verdict, findings = judge(seen, budget)
        streams = streams_of(seen)
        return Report(
            verdict=verdict,
            findings=findings,
            observed=self._observed(streams),
            losses=_losses(streams),
            evaluations=_evaluations(streams),
            layers=_layers(streams),
            batch=_batch(streams),
        )

    def _observed(self, streams: list[Stream]) -> Observed:
        main = streams[0] if streams else None
        parameters = list(main.parameters.values()) if main else []
        losses = list(main.losses) if main else []
        rates = list(main.rates) if main else []
        return Observed(
            steps=self._watcher.seen.steps,
            seconds=self._watcher.seen.seconds,
            loss_first=float(losses[0]) if len(losses) else None,
            loss_last=float(losses[-1]) if len(losses) else None,
            lr_first=float(rates[0]) if len(rates) else None,
            lr_last=float(rates[-1]) if len(rates) else None,
            parameters=sum(p.numel() for p in parameters),
            trainable_parameters=sum(p.numel() for p in parameters if p.requires_grad),
            torch=torch.__version__,
            device=str(parameters[0].device.type) if parameters else "cpu",
        )


def _name(stream: Stream, number: int) -> str:
    site = stream.passes[0].site
    return f"line {site.line}" if site else f"loss {number + 1}"


def _losses(streams: list[Stream]) -> pd.DataFrame:
    rows = [
        {"step": done.step, "loss": loss, "lr": rate, "stream": _name(stream, number)}
        for number, stream in enumerate(streams)
        for done, loss, rate in zip(stream.passes, stream.losses, _rates_of(stream), strict=True)
    ]
    return pd.DataFrame(rows, columns=["step", "loss", "lr", "stream"])


def _rates_of(stream: Stream) -> list[float]:
    if not len(stream.rates):
        return [float("nan")] * len(stream.passes)
    each = max(stream.passes_a_step, 1.0)
    return [float(stream.rates[min(int(i / each), len(stream.rates) - 1)]) for i in range(len(stream.passes))]


def _evaluations(streams: list[Stream]) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for stream in streams[:1]:
        for evaluated in Case(stream, None).evaluation_sets:
            name = f"line {evaluated.stack[0].line}" if evaluated.stack else "evaluation"
            for step in evaluated.phases:
                score = evaluated.scores.get(step)
                rows.append(
                    {
                        "step": step,
                        "loss": evaluated.losses.get(step, float("nan")),
                        "accuracy": score.value if score and score.kind == "accuracy" else float("nan"),
                        "name": name,
                    }
                )
    return pd.DataFrame(rows, columns=["step", "loss", "accuracy", "name"])


def _batch(streams: list[Stream]) -> tuple[Tensor, Tensor | None] | None:
    for stream in streams[:1]:
        case = Case(stream, None)
        if case.inputs:
            return case.inputs[0].cpu(), case.targets[0].cpu() if case.targets else None
    return None


def _layers(streams: list[Stream]) -> pd.DataFrame:
    case = Case(streams[0], None) if streams else None
    if case is None or len(case.stream.models) != 1 or not case.inputs:
        return pd.DataFrame()
    profile = case.quietly(lambda: _profile(case))
    return pd.DataFrame() if profile is None else profile


def _profile(case: Case) -> pd.DataFrame:
    model = case.stream.models[0]
    name = case.loss_name
    y = case.targets[0] if name and case.targets else None
    loss = getattr(torch.nn.functional, name) if name else None
    return layer_profile(model, case.inputs[0], y if loss else None, **({"loss": loss} if loss else {}))
