"""The benchmarks run, and compare like with like."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest
import torch


@pytest.fixture
def benchmark(root: Path) -> Any:
    spec = importlib.util.spec_from_file_location("sweep_benchmark", root / "benchmarks" / "sweep.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_both_sides_train_the_same_networks(benchmark: Any, monkeypatch: pytest.MonkeyPatch, optimizer: str) -> None:
    monkeypatch.setattr(benchmark, "RATES", [0.001, 0.01])
    monkeypatch.setattr(benchmark, "SEEDS", 2)
    row = benchmark.compare(optimizer, epochs=2, pairs=1, threads=1, device=torch.device("cpu"))
    assert row["ratio"] == row["one_after_another_s"] / row["sweep_s"] > 0
