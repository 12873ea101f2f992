"""Event files for TensorBoard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unstuck.observers.records import read_rest
from unstuck.run import Observer, Run

if TYPE_CHECKING:
    from torch.utils.tensorboard import FileWriter

__all__ = ["TensorBoard"]


class TensorBoard(Observer):
    """Writes event files that TensorBoard shows: ``tensorboard --logdir runs``.

    The steps' losses and learning rates are named ``step/loss`` and ``step/lr``, the epochs' columns
    ``validation/loss`` and the like, and ``epoch/loss`` what has no split; all lie at the number of updates taken by
    then.
    They are written when an epoch has ended, some 50 microseconds a step; nothing is done in the inner loop.

    Parameters
    ----------
    folder
        One for each run. A resumed run goes on there: what the former one wrote beyond the checkpoint is marked as not
        to be shown.

    Raises
    ------
    ImportError
        If TensorBoard is not installed; the message says how to.
    """

    def __init__(self, folder: str | Path) -> None:
        _file_writer()
        self.folder = Path(folder)
        self._writer: FileWriter | None = None
        self._resumed = False
        self._written = 0

    def on_start(self, run: Run) -> None:
        """Open a file, and take up where a resumed run was cut off."""
        if not self._resumed or not any(self.folder.glob("events.out.tfevents.*")):
            self._written = 0
        self._resumed = False
        if run.processes.is_main:
            from tensorboard.compat.proto.event_pb2 import Event, SessionLog

            self._writer = _file_writer()(self.folder, max_queue=1000)
            # Hides what the files before this one have of these steps.
            started = Event(session_log=SessionLog(status=SessionLog.START))
            self._writer.add_event(started, step=self._written + 1)

    def on_epoch(self, run: Run) -> None:
        """Write what is new."""
        self._write(run)

    def on_end(self, run: Run) -> None:
        """Write what is new, also of an epoch that was broken off, and close the file."""
        read_rest(run)
        self._write(run)
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def state_dict(self) -> dict[str, Any]:
        """Return how many steps are in the files."""
        return {"written": self._written}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take that number back."""
        self._written, self._resumed = state["written"], True

    def _write(self, run: Run) -> None:
        taken = len(run.history.steps["loss"])
        if self._writer is not None:
            from tensorboard.compat.proto.summary_pb2 import Summary  # here, as it is an extra

            for step, values in _events(run, self._written):
                parts = [Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]
                self._writer.add_summary(Summary(value=parts), step)
            self._writer.flush()
        self._written = taken


def _events(run: Run, written: int) -> Iterator[tuple[int, dict[str, float]]]:
    """Yield the steps' numbers and then the epochs', from the step after `written` on."""
    steps = run.history.steps
    for index in range(written, len(steps["loss"])):
        yield index + 1, {"step/loss": steps["loss"][index], "step/lr": steps["lr"][index]}
    for epoch, step in enumerate(run.history["step"]):
        if step > written:
            columns = {name: values[epoch] for name, values in run.history.epochs.items() if name != "step"}
            yield int(step), {_tag(name): value for name, value in columns.items()}


def _tag(column: str) -> str:
    """Return ``"validation/loss"`` for ``"validation_loss"``, so that a split's charts stand together."""
    split, _, metric = column.rpartition("_")
    return f"{split}/{metric}" if split and metric in ("loss", "accuracy") else f"epoch/{column}"


def _file_writer() -> type[FileWriter]:
    try:
        from torch.utils.tensorboard import FileWriter
    except ImportError as error:
        raise ImportError("TensorBoard is not installed: pip install 'unstuck[tensorboard]'") from error
    return FileWriter
