"""From a recording to the report: the verdict, and the curves, layers and samples that are shown with it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import torch
from torch import Tensor

from unstuck.doctor.case import Budget, Case
from unstuck.doctor.findings import Observed, Report
from unstuck.doctor.judge import judge
from unstuck.doctor.recording import Recording
from unstuck.doctor.streams import Stream, streams_of
from unstuck.layers import layer_profile

__all__ = ["diagnosed"]

_LEAST = 30.0  # seconds that the probes may take, however short the run


def diagnosed(seen: Recording, *, probes: bool) -> Report:
    """Judge what was seen, trying suspicions out where probes are allowed."""
    budget = Budget(max(seen.seconds, _LEAST)) if probes else None
    verdict, findings = judge(seen, budget)
    streams = streams_of(seen)
    return Report(
        verdict=verdict,
        findings=findings,
        observed=_observed(seen, streams),
        losses=_losses(streams),
        evaluations=_evaluations(streams),
        layers=_layers(streams),
        batch=_batch(streams),
    )


def _observed(seen: Recording, streams: list[Stream]) -> Observed:
    main = streams[0] if streams else None
    parameters = list(main.parameters.values()) if main else []
    losses = list(main.losses) if main else []
    rates = list(main.rates) if main else []
    return Observed(
        steps=seen.steps,
        seconds=seen.seconds,
        loss_first=float(losses[0]) if losses else None,
        loss_last=float(losses[-1]) if losses else None,
        lr_first=float(rates[0]) if rates else None,
        lr_last=float(rates[-1]) if rates else None,
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
        names: list[str] = []
        for evaluated in Case(stream, None).evaluation_sets:
            line = f"line {evaluated.site.line}" if evaluated.site else "evaluation"
            names.append(line)
            name = line if names.count(line) == 1 else f"{line} ({names.count(line)})"  # called for another data set
            scores = Case.quietly(lambda one=evaluated: one.scores) or {}  # type: ignore[misc]
            for step in evaluated.phases:
                score = scores.get(step)
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
