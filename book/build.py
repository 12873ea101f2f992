"""Build the book: execute the chapters that changed, write the site, say where it is and what each took.

Jupyter Book does the work. This script adds what it leaves out:

- its cache of executed chapters knows a chapter's code, not the package and the versions the code runs with;
- after a failure it would find the failed page in its cache of parsed pages, and call a rerun a success;
- what a chapter takes says little without how fast the machine was just then;
- a replay of every chapter against the outputs that the site prints.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import nbformat
from jupyter_cache import get_cache

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build"
HTML = BUILD / "html"
EXECUTED = BUILD / "jupyter_execute"
REPLAY = BUILD / "replay"
CACHE = BUILD / ".jupyter_cache"
KEY = BUILD / ".execution_key"
IPYTHON = BUILD / ".ipython"
TIMES = BUILD / "execution_times.json"
PACE = BUILD / "pace.json"
RUNTIMES = ROOT / "book" / "runtimes.json"


def execution_key() -> str:
    """Return a digest of all that a chapter's outputs depend on, besides the chapter itself."""
    digest = hashlib.sha256()
    pins = [ROOT / "pyproject.toml", ROOT / "constraints.txt"]
    for path in [*sorted((ROOT / "src").rglob("*.py")), *pins]:
        digest.update(f"{path.relative_to(ROOT).as_posix()}\0".encode())
        digest.update(path.read_bytes())
    digest.update(sys.version.encode())
    digest.update(os.environ.get("UNSTUCK_PROFILE", "quick").encode())
    return digest.hexdigest()


def environment() -> dict[str, str]:
    """Return the environment that chapters run in, the same for a build and for a replay."""
    profile = IPYTHON / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    # The kernel remarks that it talks over TCP unencrypted: it does so with this machine only.
    (profile / "ipython_kernel_config.py").write_text("c.IPKernelApp.log_level = 40\n")
    env = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    env |= {
        "IPYTHONDIR": str(IPYTHON),  # no start-up files of the user's
        "JUPYTER_PREFER_ENV_PATH": "1",  # this environment's kernel, not one of the user's of the same name
        "JUPYTER_PLATFORM_DIRS": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # else the debugger remarks on frozen modules
        "OMP_NUM_THREADS": "1",  # as the chapters' networks are small, and a replay has one on every core
    }
    if "UNSTUCK_DATA" in env:  # chapters run in their own folder: a path means what it means here
        env["UNSTUCK_DATA"] = str(Path(env["UNSTUCK_DATA"]).expanduser().resolve())
    return env


def forget_stale_outputs(*, cold: bool) -> None:
    """Drop executed chapters whose key has changed (all, if cold) and every parsed page."""
    key = execution_key()
    if cold or not KEY.exists() or KEY.read_text() != key:
        shutil.rmtree(CACHE, ignore_errors=True)
    for folder in (BUILD / ".doctrees", HTML, EXECUTED):
        shutil.rmtree(folder, ignore_errors=True)
    BUILD.mkdir(exist_ok=True)
    KEY.write_text(key)


def pace() -> float:
    """Return the seconds in which this machine starts what every chapter starts with, the median of three times."""
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        start = "import matplotlib.pyplot, sklearn.datasets, torch"
        subprocess.run([sys.executable, "-c", start], env=environment(), check=True)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def report() -> bool:
    """Print what each chapter took; show the traceback of each that raised. Return whether none did."""
    times: dict[str, dict[str, object]] = json.loads(TIMES.read_text()) if TIMES.exists() else {}
    failed = False
    for name, run in times.items():
        note = "from the cache" if run["cached"] else "executed"
        print(f"  {name:<28} {float(str(run['seconds'])):6.1f} s  ({note})")
        if not run["succeeded"]:
            failed = True
            traceback = str(run["traceback"])
            shown = traceback if sys.stderr.isatty() else re.sub(r"\x1b\[[0-9;]*m", "", traceback)
            print(f"\nChapter {name} raised:\n{shown}\n", file=sys.stderr)
    return not failed


def build(*, cold: bool) -> int:
    """Build the site and return the exit status."""
    started = time.perf_counter()
    forget_stale_outputs(cold=cold)
    TIMES.unlink(missing_ok=True)
    PACE.unlink(missing_ok=True)
    paces = [pace()] if cold else []
    print("Building the book; chapters that changed are executed first ...", flush=True)
    jupyter_book = [sys.executable, "-W", "ignore", "-c", "from jupyter_book.cli.main import main; main()"]
    command = [*jupyter_book, "build", str(ROOT), "-W", "--keep-going", "-q"]
    status = subprocess.run(command, cwd=ROOT, env=environment(), check=False).returncode
    if cold:
        PACE.write_text(json.dumps([*paces, pace()]) + "\n")
    passed = report()
    print(f"  {'all':<28} {time.perf_counter() - started:6.1f} s")
    if status or not passed:
        print("The build FAILED: see above.", file=sys.stderr)
        return status or 1
    print(f"Open {(HTML / 'index.html').as_uri()}")
    return 0


def replay() -> int:
    """Execute every built chapter again, cell by cell, and compare with the outputs that the site prints."""
    shutil.rmtree(REPLAY, ignore_errors=True)
    notebooks = [restore(path) for path in sorted(EXECUTED.rglob("*.ipynb"))]
    if not notebooks:
        print(f"No executed chapter in {EXECUTED}: build the book first.", file=sys.stderr)
        return 1
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "filterwarnings=default"]
    command += ["-n", "2", "--dist", "loadfile"]  # a chapter keeps to one core
    command += ["--nbval", "--nbval-current-env", "--nbval-sanitize-with", str(ROOT / "book" / "sanitise.cfg")]
    return subprocess.run([*command, *map(str, notebooks)], cwd=ROOT, env=environment(), check=False).returncode


def record() -> int:
    """Keep what each chapter of the last build took, and on what, for its page to tell under either profile."""
    import torch  # seconds, and needed here only

    from unstuck.profile import profile

    runs: dict[str, dict[str, float]] = json.loads(TIMES.read_text())
    known: dict[str, object] = json.loads(RUNTIMES.read_text()) if RUNTIMES.exists() else {}
    machine = torch.cuda.get_device_name() if torch.cuda.is_available() else f"{os.cpu_count()} CPU cores"
    known[profile()] = {
        "machine": machine,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "seconds": {name: round(run["seconds"], 1) for name, run in runs.items()},
    }
    RUNTIMES.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")
    return 0


def picture(name: str) -> int:
    """Copy a figure of the built book, on white, to where the README shows it."""
    page = next(path for path in HTML.rglob("*.html") if f'id="{name}"' in path.read_text(encoding="utf8"))
    figure = page.read_text(encoding="utf8").split(f'id="{name}"')[1]
    image = page.parent / figure.split('src="')[1].split('"')[0]
    ground = '<rect width="100%" height="100%" fill="#fff"/>'
    drawn = re.sub(r"(<svg [^>]*>)", rf"\1{ground}", image.read_text(encoding="utf8"), count=1)
    (ROOT / "book" / "_static" / "readme.svg").write_text(drawn, encoding="utf8")
    return 0


def restore(executed: Path) -> Path:
    """Write an executed chapter with all its outputs, and return where.

    MyST-NB takes the glued values out of the notebooks that it leaves behind. They are the numbers in the
    prose, so they are what a replay must compare: the cache of executed chapters has them still.
    """
    notebook = nbformat.read(executed, as_version=4)
    _, notebook = get_cache(CACHE).merge_match_into_notebook(notebook)
    if not any(cell.get("outputs") for cell in notebook.cells):
        raise SystemExit(f"{executed} has no outputs: a replay would compare nothing.")
    target = REPLAY / executed.relative_to(EXECUTED)
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, target)
    return target


def main() -> int:
    """Parse the command line and do what it asks."""
    parser = argparse.ArgumentParser(description="Build the book into _build/html.")
    parser.add_argument("--cold", action="store_true", help="execute every chapter, changed or not")
    parser.add_argument("--replay", action="store_true", help="only execute the built chapters again and compare")
    parser.add_argument("--record", action="store_true", help="only keep what the chapters took, in runtimes.json")
    parser.add_argument("--picture", metavar="NAME", help="only copy a built figure to where the README shows it")
    arguments = parser.parse_args()
    if arguments.picture:
        return picture(arguments.picture)
    if arguments.record:
        return record()
    return replay() if arguments.replay else build(cold=arguments.cold)


if __name__ == "__main__":
    sys.exit(main())
