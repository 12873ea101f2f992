"""The benchmarks run, and compare like with like."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from unstuck import ConvNet, Progress, load


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
    assert times["reference"].summary(is_reference=True)["ratio"] == 1


def test_a_reference_alone_is_set_against_itself(benchmark: Any) -> None:
    times = benchmark("common").interleaved({"reference": lambda: 2.0}, rounds=2)
    assert times["reference"].ratios == [1.0, 1.0]


def test_a_record_replaces_the_one_before_whole_or_not_at_all(
    benchmark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    common, path = benchmark("common"), tmp_path / "new" / "record.json"
    common.write({"rows": [0]}, path)
    common.write({"rows": [1]}, path)
    with pytest.raises(TypeError):
        common.write({"rows": [2], "what": object()}, path)

    def cut_off(source: Path, target: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(common.os, "replace", cut_off)
    with pytest.raises(KeyboardInterrupt):
        common.write({"rows": [3]}, path)
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


def test_every_loop_ends_where_the_hand_written_one_does_and_a_missing_library_is_named(
    root: Path, tmp_path: Path
) -> None:
    modules = {"ignite": "ignite", "Fabric": "lightning", "skorch": "skorch", "accelerate": "accelerate"}
    modules |= {"Lightning Trainer": "lightning", "fastai": "fastai"}
    own = ["by hand, fused", "unstuck.fit", "unstuck.fit, fused", "DataLoader loop"]
    command = [sys.executable, "benchmarks/loop.py", "--epochs", "2", "--rounds", "1", "--out", str(tmp_path)]
    # In a process of its own: some libraries change PyTorch, or the warnings, for all that comes after them.
    done = subprocess.run([*command, "--only", *own, *modules], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "loop-cpu.json").read_text())
    rows = {row["name"]: row for row in record["rows"]}
    assert list(rows) == ["by hand", *own, *modules]
    for name, row in rows.items():
        if name in modules and not find_spec(modules[name]):
            assert row["missing"].startswith("not installed: ")
            assert row["version"] is None
            assert f"{name} on 1 threads: not installed" in done.stdout
        else:
            assert row["seconds"] > 0
            assert row["ratio"] > 0
            assert row["version"]
    assert rows["by hand"]["ratio"] == 1
    assert record["reference"] == "by hand"
    assert {"date", "processor", "cores", "python", "torch", "device", "rounds", "what"} <= set(record)


@pytest.fixture
def loop(benchmark: Any) -> Any:
    return benchmark("loop")


def test_a_loop_that_trains_something_else_is_refused(loop: Any) -> None:
    task, _ = loop.digits(epochs=2)
    other = loop.Contestant("", "torch", partial(loop.by_hand, replace(task, lr=0.1)), partial(loop.by_hand, task))
    assert loop.refusal(other, task).startswith("trained something else: its training loss is ")


def test_a_loop_that_leaves_the_last_batch_of_an_epoch_out_is_refused(loop: Any) -> None:
    task, _ = loop.digits(epochs=2)
    batches = list(torch.arange(len(task.x)).split(task.batch))
    every = partial(loop.by_hand, task, orders=lambda epoch: batches)
    most = partial(loop.by_hand, task, orders=lambda epoch: batches[:-1])
    assert loop.refusal(loop.Contestant("", "torch", every, every), task) is None
    assert loop.refusal(loop.Contestant("", "torch", most, every), task).startswith("trained something else")


def test_a_loop_whose_bar_is_not_drawn_is_refused(loop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    task, data = loop.digits(epochs=1)
    monkeypatch.setattr(loop, "Progress", partial(Progress, disable=True))
    assert loop.refusal(loop.contestants(task, data)["unstuck.fit"], task).endswith("the bar was not drawn")


@pytest.mark.parametrize(("package", "status"), [("fastai", 0), ("unstuck", 1)])
def test_only_a_library_to_compare_with_may_break(
    loop: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], package: str, status: int
) -> None:
    def contestants(task: Any, data: Any) -> dict[str, Any]:
        def broken() -> None:
            raise ZeroDivisionError("by nought")

        hand = partial(loop.by_hand, task)
        return {
            "by hand": loop.Contestant("", "torch", hand, hand),
            "the broken one": loop.Contestant("", package, broken, hand),
        }

    monkeypatch.setattr(loop, "contestants", contestants)
    monkeypatch.setattr(sys, "argv", ["loop.py", "--epochs", "1", "--rounds", "1"])
    assert loop.main() == status
    assert "the broken one on 1 threads: broken: ZeroDivisionError: by nought" in capsys.readouterr().out


def test_the_floor_counts_the_operations_and_bytes_of_a_linear_layer(benchmark: Any) -> None:
    floor = benchmark("floor")
    model = nn.Linear(64, 10)
    y = torch.zeros(8, dtype=torch.int64)
    done = floor.work(model, torch.randn(8, 64), y, torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9))
    assert done.flops == 2 * (2 * 8 * 64 * 10)  # forward, and the gradient of the weights: the inputs need none
    parameters, inputs, log_probabilities, labels = 4 * 650, 4 * 8 * 64, 4 * 8 * 10, 8 * 8
    weight_of_all = 4  # what the mean is divided by
    assert done.bytes == 8 * parameters + 2 * (inputs + log_probabilities + labels + weight_of_all)
    assert done.kernels is None


def test_the_floor_is_the_longest_of_its_parts(benchmark: Any) -> None:
    floor = benchmark("floor")
    work, peak = floor.Work(flops=10**9, bytes=10**6, kernels=30), floor.Peak(flops=1e14, bandwidth=1e12, launch=1e-6)
    assert floor.floor(work, peak)["floor_us"] == floor.floor(work, peak)["launch_us"] == pytest.approx(30)
    assert floor.floor(work, peak._replace(launch=None))["floor_us"] == pytest.approx(10)
    assert floor.floor(work._replace(kernels=None), peak._replace(bandwidth=1e10))["floor_us"] == pytest.approx(100)


def test_peaks_are_what_was_reached(benchmark: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    floor = benchmark("floor")
    seconds = iter([2.0, 0.5])  # of the product, of the copy
    monkeypatch.setattr(floor, "best", lambda run, device: (run(), next(seconds))[1])
    peak = floor.peak(torch.device("cpu"), torch.float32, size=64)
    assert peak == (2 * 64**3 / 2.0, 2 * 4 * 64**2 / 0.5, None)


def test_a_ladder_is_climbed_until_every_seed_reaches_the_goal(benchmark: Any) -> None:
    accuracy = {1: [0.985, 0.991], 2: [0.991, 0.9899], 3: [0.99, 0.994], 4: [1.0, 1.0]}
    tried = []

    def attempt(epochs: int, seed: int) -> tuple[float, float]:
        tried.append(epochs)
        return epochs + seed / 2, accuracy[epochs][seed]

    record = benchmark("reach").climb(attempt, [0, 1], [1, 2, 3, 4])
    assert tried == [1, 1, 1, 2, 2, 3, 3]  # the first of all to warm up
    assert (record["epochs"], record["seconds"]) == (3, 3.25)
    assert [rung["reached"] for rung in record["rungs"]] == [1, 1, 2]
    assert record["rungs"][0]["mean_accuracy"] == pytest.approx(0.988)
    assert benchmark("reach").climb(attempt, [0, 1], [1, 2])["seconds"] is None


def test_a_run_is_timed_from_the_step_on_by_which_it_was_recorded(
    benchmark: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    reach = benchmark("reach")
    now = iter([10.0, 13.0, 17.5])
    monkeypatch.setattr(reach.time, "perf_counter", lambda: next(now))
    watch, run = reach.Stopwatch(), SimpleNamespace(epochs=3, batches=10, device=torch.device("cpu"), step=0)
    watch.on_start(run)
    for step in range(1, 31):
        run.step = step
        watch.on_step(run)
        if step % 15 == 0:
            watch.on_epoch(run)
    assert watch.seconds == (17.5 - 10.0) * 30 / 25
    with pytest.raises(ValueError, match="more than 5 steps"):
        watch.on_start(SimpleNamespace(epochs=1, batches=5))


def test_the_network_that_is_timed_on_mnist_takes_its_images(benchmark: Any) -> None:
    assert benchmark("reach").Small()(torch.zeros(2, 1, 28, 28)).shape == (2, 10)


@pytest.fixture
def gpu(benchmark: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the benchmark of the GPU, cut down: the small digits stand for MNIST, and one library is not there."""

    def absent(task: Any) -> None:
        raise ImportError("No module named 'lightning'")

    gpu, reach = benchmark("gpu"), benchmark("reach")
    monkeypatch.setattr(gpu, "load", lambda name: load("digits"))
    monkeypatch.setattr(reach, "Small", partial(ConvNet, in_shape=(1, 8, 8)))
    monkeypatch.setitem(gpu.PEERS, "Lightning Trainer", ("lightning", absent))
    return gpu


def rows_of(record: dict[str, Any], network: int) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in record["networks"][network]["rows"]}


def test_the_benchmark_of_the_gpu_runs_without_one_and_says_what_it_left_out(gpu: Any) -> None:
    record = json.loads(json.dumps(gpu.measured(torch.device("cpu"), gpu.QUICK, ("eager", "graphed"))))
    for network in (0, 1):
        rows = rows_of(record, network)
        assert {name for name, row in rows.items() if "us" in row} == {
            "eager, float32",
            "eager, bfloat16",
            "eager, float16",
            "by hand",
        }
        assert rows["eager, float32"]["ratio"] == 1
        assert all("needs a CUDA device" in row["missing"] for name, row in rows.items() if "us" not in row)
        floor = record["networks"][network]["floor"]["float32"]
        assert rows["by hand"]["times_floor"] == pytest.approx(rows["by hand"]["us"] / floor["floor_us"])
    assert record["reach"]["rungs"][0]["epochs"] == 6
    epoch = {row["name"]: row for row in record["epoch"]}
    assert epoch["Lightning Trainer"]["missing"] == "ImportError: No module named 'lightning'"
    assert "needs a CUDA device" in epoch["unstuck.fit, graphed"]["missing"]
    assert epoch["unstuck.fit, eager"]["ratio"] > 0
    text = gpu.shown(record)
    assert all(line in text for line in ("MLP 64-128-10 on digits", "ConvNet on MNIST", "No module named 'lightning'"))


def test_an_engine_that_trains_something_else_is_refused(gpu: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "TOLERANCE", -1.0)  # none is equal enough, not even to itself
    network = gpu.networks(torch.device("cpu"), gpu.QUICK)[0]
    rows = {row["name"]: row for row in gpu.engines(network, gpu.QUICK, ("eager",))}
    assert rows["eager, bfloat16"]["missing"].startswith("trained something else: its loss is ")


def test_without_a_gpu_nothing_is_measured_unless_asked_for(
    gpu: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(sys, "argv", ["gpu.py"])
    assert gpu.main() == 1
    assert capsys.readouterr().err == "No CUDA device: nothing was measured.\n"


def test_a_record_is_named_after_the_card(gpu: Any) -> None:
    assert gpu.slug("NVIDIA H100 80GB HBM3") == "nvidia-h100-80gb-hbm3"


@pytest.mark.cuda
def test_on_a_gpu_every_engine_is_measured_and_the_floor_counts_its_kernels(gpu: Any) -> None:
    record = gpu.measured(torch.device("cuda"), replace(gpu.QUICK, steps=8), ("eager", "graphed"))
    for network in (0, 1):
        rows = rows_of(record, network)
        assert not [row for row in rows.values() if "missing" in row]
        floor = record["networks"][network]["floor"]["float32"]
        assert 10 < floor["kernels"] < 100
        assert 0 < floor["floor_us"] < rows["graphed, float32"]["us"]
