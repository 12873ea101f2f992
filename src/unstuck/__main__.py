"""``python -m unstuck``, and the command ``unstuck``."""

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    if sys.argv[1:2] == ["doctor"]:  # by itself: the script that it watches should not wait for the other commands
        from unstuck.cli.alone import app
    else:
        from unstuck.cli.app import app
    app(prog_name="unstuck")


if __name__ == "__main__":
    main()
