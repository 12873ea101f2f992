"""What other tools that one can install say of a script: as a program, most of them over one run of it.

    python benchmarks/doctor_peers.py --json FILE SCRIPT

Each tool is set up after its own documentation (see ``attach``), and ``peer_words`` says what its messages mean.
What a tool itself calls mere information, and hints at speed, are left out.
"""

from __future__ import annotations

import contextlib
import copy
import importlib
import runpy
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from torch import nn
from torch.optim import Optimizer

from attach import Attachment, Batch, Tool
from common import write
from doctor_runs import Contestant


class TorchMortem(Tool):
    """Its context manager, opened and closed by hand; its insights come before its findings, as in its report."""

    def start(self, model: nn.Module, optimizer: Optimizer | None, batch: Batch | None) -> None:
        from torchmortem import Autopsy

        self.autopsy = Autopsy(model, optimizer=optimizer)
        self.autopsy.attach()

    def after_step(self, loss: float) -> None:
        self.autopsy.step(loss=loss)

    def messages(self) -> Sequence[str]:
        self.autopsy.detach()
        report = self.autopsy.get_report()
        serious = [finding for finding in report.findings if finding.severity.name != "INFO"]
        return [insight.title for insight in report.insights] + [finding.title for finding in serious]


class GradSnitch(Tool):
    """Its monitor, fed after ``backward``, with the evaluation losses where the script computes any."""

    def start(self, model: nn.Module, optimizer: Optimizer | None, batch: Batch | None) -> None:
        import gradsnitch

        self.lint, self.monitor, self.steps = gradsnitch.lint, gradsnitch.watch(model, optimizer), 0

    def before_step(self, loss: float, evaluated: float | None) -> None:
        self.monitor.log(self.steps, loss, val_loss=evaluated)
        self.steps += 1

    def messages(self) -> Sequence[str]:
        return [finding.name for finding in self.lint(self.monitor.df())]


class NeuralDBG(Tool):
    """Its context manager; without its proprietary engine it has events but no hypotheses, so the events count."""

    def start(self, model: nn.Module, optimizer: Optimizer | None, batch: Batch | None) -> None:
        from neuraldbg import NeuralDbg

        self.debugger = NeuralDbg(model)
        self.debugger.__enter__()

    def before_step(self, loss: float, evaluated: float | None) -> None:
        self.debugger.record_loss(loss)

    def after_step(self, loss: float) -> None:
        self.debugger.step += 1

    def messages(self) -> Sequence[str]:
        self.debugger.__exit__(None, None, None)
        said = [hypothesis.description for hypothesis in self.debugger.get_causal_hypotheses()]
        events = [event for event in self.debugger.events if event.to_state not in ("normal", "healthy", "stable")]
        return said + [f"{event.event_type.value}: {event.to_state}" for event in events]


class TorchAudit(Tool):
    """Its zero-touch mode, every ten steps."""

    def start(self, model: nn.Module, optimizer: Optimizer | None, batch: Batch | None) -> None:
        from torch_audit import autopatch

        self.auditor = autopatch(model, optimizer=optimizer, every_n_steps=10)

    def messages(self) -> Sequence[str]:
        hints = ("TA2", "TA400")  # at speed and memory
        findings = [found for found in self.auditor.finish().findings if not found.rule_id.startswith(hints)]
        return [f"{found.rule_id} {found.message}" for found in findings if found.severity.value != "INFO"]


class TorchTest2(Tool):
    """Its battery of checks, on copies, with the first batch; a failure counts, a warning does not."""

    said: tuple[str, ...] = ()

    def start(self, model: nn.Module, optimizer: Optimizer | None, batch: Batch | None) -> None:
        from torchtest2 import check_model

        if batch is None:
            raise ValueError("no single model, or no loss function, to check")
        model, optimizer = copy.deepcopy((model, optimizer))
        report = check_model(model, batch.inputs, batch.target, loss_fn=batch.loss, optimizer=optimizer)
        self.said = tuple(f"{result.name}: {result.message}" for result in report.failures)

    def messages(self) -> Sequence[str]:
        return self.said


class TorchDiag(Tool):
    """Its check of a step before training, of gradients every 50 steps, and of dead neurons at the end."""

    def start(self, model: nn.Module, optimizer: Optimizer | None, batch: Batch | None) -> None:
        import torchdiag

        self.check, self.model, self.batch, self.steps = torchdiag, model, batch, 0
        self.said: list[str] = []
        if batch and optimizer:
            twin, its = copy.deepcopy((model, optimizer))
            result = torchdiag.verify_step(twin, its, batch.loss, *batch.inputs[:1], batch.target)
            if result.get("params_unchanged") and not result.get("params_updated"):
                self.said.append("no parameters changed")

    def before_step(self, loss: float, evaluated: float | None) -> None:
        self.steps += 1
        if self.steps % 50 == 1:
            found = {layer["status"] for layer in self.check.check_gradients(self.model).values()}
            self.said += [f"gradients: {status}" for status in sorted(found - {"OK"})]

    def messages(self) -> Sequence[str]:
        if self.batch:
            layers = self.check.check_dead_neurons(self.model, *self.batch.inputs[:1])
            self.said += ["dead neurons" for layer in layers.values() if layer["dead_pct"] > 20]
        return self.said


class MLDoctor(Tool):
    """Its linter, which reads the script and runs nothing."""

    def messages(self) -> Sequence[str]:
        from mldoctor.linter import lint_script

        issues, _ = lint_script(sys.argv[0])
        return [
            issue["message"] for issue in issues if issue["severity"] != "INFO" and issue["type"] != "cpu_bottleneck"
        ]


# By package: the module that it installs, and what runs it; those that copy the model come before those that hook it.
TOOLS: dict[str, tuple[str, Callable[[], Tool]]] = {
    "torchtest2": ("torchtest2", TorchTest2),
    "torchdiag": ("torchdiag", TorchDiag),
    "torchmortem": ("torchmortem", TorchMortem),
    "gradsnitch": ("gradsnitch", GradSnitch),
    "torch-audit": ("torch_audit", TorchAudit),
    "mldoct": ("mldoctor", MLDoctor),
    "neuraldbg": ("neuraldbg", NeuralDBG),
}
APART = ("neuraldbg",)  # its hooks and those of the others cannot be on one module: they watch a run of their own

NOT_RUN = {
    "mldoct diagnose": "reads curves that one exports, with a pickled model of a library it does not require",
    "torcheck": "asks for PyTorch below 2.0",
    "cockpit-for-pytorch": "draws instruments over per-sample gradients; it names no cause",
    "torchexplorer": "draws a model and its histograms in a browser; it names no cause",
    "neural-observatory": "reports statistics of each layer; it names no cause",
    "neural-net-checklist": "asserts a recipe on a model function and a loader of its own making, not on a script",
    "deepchecks": "examines data sets and finished models, no training",
}

CONTESTANT = Contestant("peers", (sys.executable, str(Path(__file__).resolve())), tuple(TOOLS))


def examined(script: str, tools: dict[str, Tool]) -> tuple[int, dict[str, Any]]:
    """Run a script with tools attached; return its exit status, and by tool its messages, and how it failed."""
    attachment = Attachment(tools)
    status = 0
    try:
        with attachment.watching():
            runpy.run_path(script, run_name="__main__")
    except Exception:
        traceback.print_exc()
        status = 3
    attachment.start()
    attachment.busy = True  # for good: what follows is not the script's doing
    said: dict[str, Any] = {}
    for name, tool in tools.items():
        messages: list[str] = []
        if not attachment.failures[name]:
            try:
                with contextlib.redirect_stdout(sys.stderr):
                    messages = list(dict.fromkeys(tool.messages()))
            except Exception as error:  # a tool that fails at the end has said nothing
                attachment.failures[name] = f"at the end: {type(error).__name__}: {error}"
        said[name] = {"messages": messages, "problem": attachment.failures[name]}
    return status, said


def main() -> int:
    """Run the script with every tool that is installed attached to it, and write what each says."""
    _, _, answer, script, *rest = sys.argv
    sys.argv = [script, *rest]
    sys.path.remove(str(Path(__file__).resolve().parent))
    tools = {}
    for name, (module, make) in TOOLS.items():
        try:
            importlib.import_module(module)
        except ImportError as error:
            print(f"{name}: not installed: {error}", file=sys.stderr)
        else:
            tools[name] = make()
    status, said = examined(script, {name: tool for name, tool in tools.items() if name not in APART})
    if apart := {name: tool for name, tool in tools.items() if name in APART}:
        with contextlib.redirect_stdout(sys.stderr):
            said |= examined(script, apart)[1]
    write({"version": 1, "verdict": "healthy", "findings": [], "tools": said}, Path(answer))
    return status


if __name__ == "__main__":
    sys.exit(main())
