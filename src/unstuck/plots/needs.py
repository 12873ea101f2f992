"""The libraries that interactive figures need, and nothing else does: imported when the first is made."""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["altair", "vl_convert"]


def altair() -> Any:
    """Return Altair."""
    return _needed("altair")


def vl_convert() -> Any:
    """Return what compiles and draws charts without a browser."""
    return _needed("vl_convert")


def _needed(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"interactive figures need {error.name}: pip install 'unstuck[charts]'", name=error.name
        ) from error
