"""``python -m unstuck``: the same as the command ``unstuck``."""

from unstuck.cli import app

app(prog_name="unstuck")
