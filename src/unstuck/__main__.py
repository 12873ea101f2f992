"""``python -m unstuck``: the same as the command ``unstuck``."""

from unstuck.cli import app

if __name__ == "__main__":
    app(prog_name="unstuck")
