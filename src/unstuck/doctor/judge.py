"""From facts to a verdict: judges are asked, probes confirm or reject, what follows from another is a symptom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import isfinite
from pathlib import Path

from unstuck.doctor.case import Budget, Case, Suspicion, Verdict
from unstuck.doctor.causes import DEGREES, JUDGES, ORDER
from unstuck.doctor.causes.outright import OUTRIGHT
from unstuck.doctor.findings import Finding, Where
from unstuck.doctor.recording import Recording
from unstuck.doctor.streams import streams_of
from unstuck.doctor.watch.sites import Site

__all__ = ["judge"]

_SURE = 0.5  # less than this is not reported
_CERTAIN = 0.9
_STREAMS = 3  # the longest are looked into
_BETTER = 0.02  # of a score, by which a run outdoes another


def judge(seen: Recording, budget: Budget | None) -> tuple[str, tuple[Finding, ...]]:
    """Return the verdict on a recording, and its findings, the most likely root cause first.

    Parameters
    ----------
    seen
        What was watched.
    budget
        Of the probes; None for none.
    """
    found: dict[str, tuple[Suspicion, Verdict | None]] = {}
    for ask in OUTRIGHT:
        suspicion = ask(seen)
        if suspicion is not None:
            found[suspicion.cause] = suspicion, None
    streams = streams_of(seen)
    cases = [Case(stream, budget) for stream in streams[:_STREAMS]]
    for case in cases:
        for suspicion, verdict in _asked(case, degrees=not _outdone(case, cases) and not case.stream.beginning):
            old = found.get(suspicion.cause)
            if old is None or _belief(suspicion, verdict) > _belief(*old):
                found[suspicion.cause] = suspicion, verdict
    ranked = sorted(found.values(), key=lambda pair: (-round(10 * _belief(*pair)), ORDER.index(pair[0].cause)))
    kept = [pair for pair in ranked if _belief(*pair) >= _SURE]
    explained: dict[str, list[str]] = {}
    root: list[tuple[Suspicion, Verdict | None]] = []
    for suspicion, verdict in kept:
        by = next((other.cause for other, _ in root if suspicion.cause in other.consequences), None)
        if by is None:
            root.append((suspicion, verdict))
        else:
            explained.setdefault(by, []).append(suspicion.cause)
    findings = tuple(_finding(s, v, explained.get(s.cause, ())) for s, v in root)
    # Most judges ask what a model is given and makes of it: of tensors multiplied by hand too little is known, and of
    # a script whose losses were never seen nothing.
    known = any(one.models for one in streams)
    lost = any(not isfinite(one.losses[-1]) for one in streams)
    return _verdict(findings, enough=known and not lost), findings


def _outdone(case: Case, cases: list[Case]) -> bool:
    """Whether the script itself tried something better, such as another rate, at the same line with another model."""
    mine = {id(model) for model in case.stream.models}
    for other in cases:
        same_line = other is not case and other.stream.passes[0].site == case.stream.passes[0].site
        alike = _kinds(case) == _kinds(other)  # no teacher, say
        if not same_line or not alike or mine & {id(model) for model in other.stream.models}:
            continue
        pairs = list(zip(reversed(case.scores), reversed(other.scores), strict=True))
        known = [(a, b) for a, b in pairs if a is not None and b is not None and a.kind == b.kind]
        if known and known[0][1].value > known[0][0].value + _BETTER:
            return True
    return False


def _kinds(case: Case) -> list[list[type]]:
    """Return the kinds of the modules of each model, in their order."""
    return [[type(module) for module in model.modules()] for model in case.stream.models]


def _asked(case: Case, *, degrees: bool = True) -> Iterator[tuple[Suspicion, Verdict | None]]:
    """Ask the judges in their order; once a fault is certain, what is a matter of degree is not asked any more.

    What a run with a certain fault does under another rate, or with another width, says nothing about either.
    """
    certain = not degrees
    for cause, ask in JUDGES.items():
        if certain and cause in DEGREES:
            continue
        suspicion = case.quietly(lambda ask=ask: ask(case))  # type: ignore[misc]
        if suspicion is None:
            continue
        verdict = case.quietly(suspicion.probe) if case.budget is not None and suspicion.probe is not None else None
        certain = certain or (suspicion.certain and _belief(suspicion, verdict) >= _CERTAIN)
        yield suspicion, verdict


def _belief(suspicion: Suspicion, verdict: Verdict | None) -> float:
    """Return the confidence after the probe.

    A confirmation halves the doubt; a rejection ends the suspicion, or, where the fault is certain, says that it does
    little harm here. What is ruined by its cure was no fault.
    """
    if verdict is None:
        return suspicion.confidence
    if verdict.confirmed:
        return 1 - (1 - suspicion.confidence) / 2
    if suspicion.certain and not verdict.ruins:
        return 0.9 * suspicion.confidence
    return min(suspicion.confidence, 0.3)


def _verdict(findings: tuple[Finding, ...], *, enough: bool) -> str:
    if not findings:
        return "healthy" if enough else "uncertain"
    first = findings[0]
    open_ = [f for f in findings if f.confirmed is None and f.confidence >= first.confidence - 0.1]
    return "uncertain" if first.confirmed is None and first.confidence < 0.75 and len(open_) > 1 else "fault"


def _finding(suspicion: Suspicion, verdict: Verdict | None, symptoms: Iterable[str]) -> Finding:
    return Finding(
        cause=suspicion.cause,
        confidence=round(_belief(suspicion, verdict), 3),
        summary=suspicion.summary,
        evidence={**suspicion.evidence, **(verdict.evidence if verdict else {})},
        where=where(suspicion.where),
        fix=suspicion.fix,
        confirmed=verdict.confirmed if verdict else None,
        symptoms=(*suspicion.symptoms, *symptoms),
        tried=verdict.tried if verdict else "",
        suggestion=suspicion.suggestion,
    )


def where(site: Site | None) -> Where | None:
    """Return a line as the user would write it."""
    import linecache

    if site is None:
        return None
    path = Path(site.file)
    try:
        shown = str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        shown = site.file
    return Where(shown, site.line, linecache.getline(site.file, site.line).strip())
