"""The benchmarks run, compare like with like, and their records say what the project promises."""

import importlib.util
import json
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


def test_a_sweep_is_recorded_as_at_least_three_times_as_fast(root: Path) -> None:
    record = json.loads((root / "benchmarks" / "results" / "sweep-cpu.json").read_text())
    assert record["pairs"] >= 5
    assert {row["optimizer"] for row in record["rows"]} == {"adam", "sgd"}
    assert all(row["ratio"] >= 3 and len(row["ratios"]) == record["pairs"] for row in record["rows"])
