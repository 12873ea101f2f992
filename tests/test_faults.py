"""The training scripts with planted faults: each is told apart from its repaired twin by what it prints.

All pairs are run where ``UNSTUCK_FAULTS`` is ``all``, some minutes long; else a part of them.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bed import FAULTS, Case, read_cases, surroundings

EVERY = 1 if os.environ.get("UNSTUCK_FAULTS") == "all" else 64

CAUSES = {
    "loss": """softmax_before_cross_entropy sigmoid_before_logit_loss relu_on_output nll_without_log_softmax
        softmax_wrong_axis loss_sign_flipped loss_shape_broadcast label_index_error""",
    "data": """labels_misaligned label_noise inputs_not_normalised targets_not_scaled reshape_scrambles_data
        samples_mixed_in_batch no_shuffle repeated_batch class_imbalance train_test_preprocessing_mismatch
        train_test_leak nonfinite_input""",
    "optimisation": """lr_too_high lr_too_low lr_decays_too_fast missing_zero_grad zero_grad_after_backward
        missing_backward missing_optimizer_step optimizer_misses_parameters frozen_parameters detached_graph
        unregistered_parameters clip_too_small clip_before_unscale weight_decay_too_strong momentum_too_high""",
    "model": """zero_or_constant_init init_too_large vanishing_gradients exploding_gradients dying_relu under_capacity
        dropout_too_strong wrong_train_eval_mode batch_norm_tiny_batch shared_parameters_by_accident
        too_few_steps overfitting metric_wrong loss_scale_wrong""",
}
ALL_CAUSES = {cause for group in CAUSES.values() for cause in group.split()}


CASES = read_cases()
FAULTY, CONTROLS = [case for case in CASES if case.causes], [case for case in CASES if not case.causes]
by_name = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.group}/{case.name}")


def test_every_cause_has_a_script_and_no_script_is_without_a_case() -> None:
    assert ALL_CAUSES - {case.causes[0] for case in FAULTY} == set()
    assert {case.script for case in CASES} == set(FAULTS.glob("*/*.py"))
    assert len(FAULTY) >= 60
    assert len(CONTROLS) >= 25


@by_name
def test_a_case_says_what_is_in_its_script(case: Case) -> None:
    assert set(case.causes) <= ALL_CAUSES
    assert [old for old, _ in case.repair if case.text.count(old) != 1] == []
    assert bool(case.repair) == bool(case.causes)
    ast.parse(case.twin())
    stripped = [line.strip() for line in case.text.splitlines()]
    assert not case.line or stripped.count(case.line) == 1
    assert "unstuck" not in case.text
    assert re.compile(case.score).groups == 1
    assert len(case.seen) == (2 if case.causes else 1)
    assert not case.causes or case.better in ("higher", "lower")
    sign = 1 if case.better == "higher" else -1  # of a number that is printed too good, the worse one is the better
    assert not case.causes or not sign * case.seen[0] >= sign * case.seen[1]


def score(case: Case, text: str, folder: Path) -> float:
    """Run a script, and return the last score that it prints."""
    path = folder / f"{case.name}.py"
    path.write_text(text, encoding="utf8")
    done = subprocess.run(
        [sys.executable, path.name],
        cwd=folder,
        env=surroundings(folder),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return float(re.findall(case.score, done.stdout)[-1])


@pytest.mark.parametrize("case", FAULTY[::EVERY], ids=lambda case: f"{case.group}/{case.name}")
def test_a_repaired_script_does_better(case: Case, tmp_path: Path) -> None:
    assert case.twin() != case.text
    faulty, repaired = score(case, case.text, tmp_path), score(case, case.twin(), tmp_path)
    sign = 1 if case.better == "higher" else -1
    assert not sign * faulty >= sign * repaired  # a score may be NaN where the fault makes it so


@pytest.mark.parametrize("case", CONTROLS[::EVERY], ids=lambda case: f"{case.group}/{case.name}")
def test_a_healthy_control_does_as_well_as_it_did(case: Case, tmp_path: Path) -> None:
    reached = score(case, case.text, tmp_path)
    assert reached == pytest.approx(case.seen[0], abs=0.05 * max(1.0, abs(case.seen[0])))
