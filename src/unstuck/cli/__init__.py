"""The command line: ``unstuck``, or ``python -m unstuck``.

Exit codes: 0 when all is done; 1 when a run failed, as one that diverged does, or the doctor found a fault; 2 for
arguments and files that cannot be used; 3 when the script that the doctor watched failed; 130 after a Ctrl-C.
"""
