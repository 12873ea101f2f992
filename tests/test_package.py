"""The package's names: there when they are asked for, and not loaded before."""

from __future__ import annotations

import subprocess
import sys

import pytest

import unstuck


@pytest.mark.parametrize("name", unstuck.__all__)
def test_every_name_is_there(name: str) -> None:
    value = getattr(unstuck, name)
    assert getattr(value, "__name__", name) == name
    assert name in dir(unstuck)


def test_a_name_that_is_not_there_is_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = unstuck.nothing


@pytest.mark.parametrize("module", ["unstuck", "unstuck.doctor", "unstuck.cli.alone"])
def test_what_watches_a_script_loads_neither_frames_nor_figures(module: str) -> None:
    code = f"import sys, torch; known = set(sys.modules); import {module}; print(*sorted(set(sys.modules) - known))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) & {"pandas", "matplotlib", "sklearn", "scipy"} == set()
