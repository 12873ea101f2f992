"""The benchmarks run, and compare like with like."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch


@pytest.fixture(scope="module")
def benchmark(root: Path) -> Iterator[Callable[[str], Any]]:
    sys.path.insert(0, str(root / "benchmarks"))  # where a script finds its neighbours
    yield importlib.import_module
    sys.path.remove(str(root / "benchmarks"))


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_sweep_and_the_loop_beside_it_train_the_same_networks(
    benchmark: Any, monkeypatch: pytest.MonkeyPatch, optimizer: str
) -> None:
    sweep = benchmark("sweep")
    monkeypatch.setattr(sweep, "RATES", [0.001, 0.01])
    monkeypatch.setattr(sweep, "SEEDS", 2)
    row = sweep.compare(optimizer, epochs=2, pairs=1, threads=1, device=torch.device("cpu"))
    assert row["ratio"] == row["one_after_another_s"] / row["sweep_s"] > 0


def test_each_contestant_is_set_against_the_runs_of_the_reference_right_before_and_after_it(benchmark: Any) -> None:
    machine = iter([1.0, 3.0, 2.0, 8.0, 2.0, 4.0, 6.0, 4.0, 9.0, 5.0])  # seconds, in the order they are taken in
    times = benchmark("common").interleaved(dict.fromkeys(["reference", "a", "b"], lambda: next(machine)), rounds=2)
    assert next(machine, None) is None
    assert times["a"] == ([3.0, 6.0], [3.0 / 1.5, 6.0 / 4.0])
    assert times["b"] == ([8.0, 9.0], [8.0 / 2.0, 9.0 / 4.5])
    assert times["reference"].ratios == [2.0 / 1.0, 2.0 / 2.0, 4.0 / 4.0, 5.0 / 4.0]
    assert times["b"].summary() == {"seconds": 8.5, "ratio": 3.0, "ratios": [4.0, 2.0]}


def test_a_reference_alone_is_set_against_itself(benchmark: Any) -> None:
    times = benchmark("common").interleaved({"reference": lambda: 2.0}, rounds=2)
    assert times["reference"].ratios == [1.0, 1.0]


def test_a_record_replaces_the_one_before_whole_or_not_at_all(benchmark: Any, tmp_path: Path) -> None:
    path = tmp_path / "new" / "record.json"
    benchmark("common").write({"rows": [1]}, path)
    with pytest.raises(TypeError):
        benchmark("common").write({"rows": [2], "what": object()}, path)
    assert json.loads(path.read_text()) == {"rows": [1]}


def test_the_processor_is_named_as_linux_lists_it(benchmark: Any, tmp_path: Path) -> None:
    listing = tmp_path / "cpuinfo"
    listing.write_text("processor\t: 0\nmodel name\t: Some CPU @ 2.0 GHz\n\nprocessor\t: 1\nmodel name\t: another\n")
    assert benchmark("common").processor(listing) == "Some CPU @ 2.0 GHz"
    assert benchmark("common").processor(tmp_path / "no such file")


def test_a_table_lines_its_columns_up(benchmark: Any) -> None:
    assert benchmark("common").table(["name", "n"], [["a", "10"], ["longer", "2"]]) == (
        "name     n\na       10\nlonger   2"
    )
