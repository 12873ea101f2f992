"""A report as a page of its own, and as a part of a notebook's page."""

from __future__ import annotations

import os

from unstuck.doctor.exhibits import exhibits
from unstuck.doctor.findings import Finding, Report
from unstuck.doctor.names import case_file
from unstuck.doctor.sheet import NOTEBOOK, PAGE, SHEET
from unstuck.doctor.wording import change, confidence_said, escaped, number, rerun_said, verdict_said, watched_said

__all__ = ["fragment", "whole_page"]


def fragment(report: Report) -> str:
    """Return the report as elements for a notebook, in the colours of its page, light or dark.

    Parameters
    ----------
    report
        What to show.

    Returns
    -------
    str
        A style and a ``<div>``; all that comes from the watched program is escaped.
    """
    return f"<style>{SHEET}{NOTEBOOK}</style>\n<div class='unstuck-doctor'>\n{_body(report)}\n</div>"


def whole_page(report: Report) -> str:
    """Return the report as a page that needs no other file and no network.

    Parameters
    ----------
    report
        What to show.

    Returns
    -------
    str
        Light or dark, as the reader's system is.
    """
    title = f"Diagnosis of {escaped(os.path.basename(report.script))}" if report.script else "Diagnosis"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{PAGE}{SHEET}</style>\n</head>\n<body>\n"
        f'<main class="unstuck-doctor">\n<h1>{title}</h1>\n{_body(report)}\n</main>\n</body>\n</html>\n'
    )


def _body(report: Report) -> str:
    ended = f"<p>{escaped(report.ended)}</p>" if report.ended else ""
    return "\n".join(
        part
        for part in (
            f'<p class="verdict {report.verdict}">{escaped(verdict_said(report))}</p>',
            ended,
            f"<p>{escaped(watched_said(report.observed))}</p>",
            *(_card(place, finding) for place, finding in enumerate(report.findings, 1)),
            *exhibits(report),
        )
        if part
    )


def _card(place: int, finding: Finding) -> str:
    file = case_file(finding.cause)
    rows = [
        ("Measured", _evidence(finding)),
        ("Where", _where(finding)),
        ("Fix", escaped(finding.fix)),
        ("Re-run", escaped(rerun_said(finding))),
        ("Explains", ", ".join(f"<code>{escaped(symptom)}</code>" for symptom in finding.symptoms)),
        ("Case file", f"<code>{file}</code>" if file else ""),
    ]
    listed = "\n".join(f"<dt>{label}</dt><dd>{content}</dd>" for label, content in rows if content)
    return (
        f'<section class="finding"><p class="cause"><span>{place}. <code>{escaped(finding.cause)}</code></span> '
        f"<span>{confidence_said(finding)}</span></p>\n"
        f"<p>{escaped(finding.summary)}</p>\n<dl>\n{listed}\n</dl></section>"
    )


def _evidence(finding: Finding) -> str:
    rows = (
        f'<tr><th scope="row"><code>{escaped(name)}</code></th><td>{number(value)}</td></tr>'
        for name, value in finding.evidence.items()
    )
    return f"<table>{''.join(rows)}</table>" if finding.evidence else ""


def _where(finding: Finding) -> str:
    """Return the place, and the line there, or what would stand there instead."""
    names = {"-": "old", "+": "new", " ": "as-is"}
    lines = "".join(
        f'<span class="{names[sign]}">{escaped(line if sign == " " else f"{sign} {line}")}</span>'
        for sign, line in change(finding)
    )
    place = f"<code>{escaped(str(finding.where))}</code>" if finding.where else ""
    return place + (f"<pre>{lines}</pre>" if lines else "")
