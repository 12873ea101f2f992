"""Is the data what you think it is? A checklist that runs, before a network is blamed.

:func:`inspect_data` reads whatever a loop is fed with, and returns a :class:`DataReport` of what it found.
"""

from unstuck.inspection.examine import inspect_data
from unstuck.inspection.findings import CAUSES, Finding
from unstuck.inspection.report import DataReport

__all__ = ["CAUSES", "DataReport", "Finding", "inspect_data"]
