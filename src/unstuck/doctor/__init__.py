"""The doctor: watches a training loop that knows nothing of it, and names why it does not learn.

The facts come first (:mod:`~unstuck.doctor.watch`, :mod:`~unstuck.doctor.recording`), then the judgement: what the
facts of one stream of passes amount to (:mod:`~unstuck.doctor.case`), what that speaks for
(:mod:`~unstuck.doctor.causes`), what reruns with something changed say to it (:mod:`~unstuck.doctor.rerun`), and the
report.
"""

from unstuck.doctor.doctor import Doctor
from unstuck.doctor.findings import Finding, Observed, Report, Where
from unstuck.doctor.watch.watcher import EnoughError

__all__ = ["Doctor", "EnoughError", "Finding", "Observed", "Report", "Where"]
