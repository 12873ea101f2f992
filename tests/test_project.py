"""The files at the top agree with each other, and with what the README promises."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CONDA_NAMES = {"pytorch": "torch", "matplotlib-base": "matplotlib", "brotli-python": "brotli"}


# What the benchmarks compare with: `make bench` and `make doctor-bench` alone install it, into .venv.
COMPARED = "bench"


def declared(root: Path) -> dict[str, str]:
    """Return every requirement of pyproject.toml but those of the benchmarks: name to accepted versions."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    extras = [lines for extra, lines in project["optional-dependencies"].items() if extra != COMPARED]
    lines = [*project["dependencies"], *(line for lines in extras for line in lines)]
    requirements = map(Requirement, lines)
    return {canonicalize_name(requirement.name): str(requirement.specifier) for requirement in requirements}


def test_environment_for_conda_asks_for_what_pyproject_asks_for(root: Path) -> None:
    environment = yaml.safe_load((root / "environment.yml").read_text())
    lines = [line for line in environment["dependencies"] if isinstance(line, str)]
    lines += next(line["pip"] for line in environment["dependencies"] if isinstance(line, dict))
    requirements = {
        CONDA_NAMES.get(requirement.name, requirement.name): str(requirement.specifier)
        for requirement in map(Requirement, (line for line in lines if line != "-e ."))
    }
    python = tomllib.loads((root / "pyproject.toml").read_text())["project"]["requires-python"]
    assert requirements.pop("python") == str(Requirement(f"python {python}").specifier)
    assert "pip" in requirements
    del requirements["pip"]
    assert requirements == declared(root)


def test_every_package_that_the_project_needs_is_pinned_exactly(root: Path) -> None:
    lines = [line for line in (root / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    if not lines:
        pytest.skip("the pins were lifted, to test with the newest versions")
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+]+", line) for line in lines)
    pinned = {canonicalize_name(line.split("==")[0]) for line in lines}
    needed: set[str] = set()
    waiting = list(declared(root))
    while waiting:
        name = waiting.pop()
        if name in needed:
            continue
        needed.add(name)
        for line in metadata.requires(name) or ():
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(canonicalize_name(requirement.name))
    assert needed - pinned - {"pip", "wheel"} == set()


def test_what_the_benchmarks_compare_with_is_pinned_and_no_other_command_installs_it(root: Path) -> None:
    extras = tomllib.loads((root / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    lines = [line for line in (root / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert set(extras[COMPARED]) <= {line.split("==")[0] for line in lines} or not lines
    dry = ["make", "--dry-run", "--always-make"]
    installs = {
        target: subprocess.run([*dry, target], cwd=root, capture_output=True, text=True, check=True).stdout
        for target in ("test", "gpu", "bench", "doctor-bench")
    }
    assert {target for target, lines in installs.items() if f"[{COMPARED}]" in lines} == {"bench", "doctor-bench"}


def test_readme_names_only_commands_that_exist(root: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(), flags=re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z-]+)", (root / "README.md").read_text()))
    assert {"book", "test"} <= named <= targets


def test_make_alone_lists_every_command(root: Path) -> None:
    shown = subprocess.run(["make"], cwd=root, capture_output=True, text=True, check=True).stdout
    targets = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(), flags=re.MULTILINE))
    assert set(re.findall(r"^ *make ([a-z-]+)  +\S", shown, flags=re.MULTILINE)) == targets


def test_readme_shows_files_that_exist(root: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", (root / "README.md").read_text())
    assert links
    assert [link for link in links if not (root / link).exists()] == []


def test_readme_examples_run(root: Path) -> None:
    names: dict[str, Any] = {}
    for example in re.findall(r"```python\n(.*?)```", (root / "README.md").read_text(), flags=re.DOTALL):
        exec(example, names)
    assert names["run"].final("test_accuracy") > 0.8
    assert names["result"].final("test_accuracy").median() > 0.8
    assert names["report"].clean


def test_notebooks_are_made_and_never_committed(root: Path) -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    assert [name for name in listed.stdout.splitlines() if name.endswith(".ipynb")] == []


def test_workflows_follow_the_schema(root: Path) -> None:
    workflows = sorted(map(str, (root / ".github" / "workflows").glob("*.yml")))
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    checked = subprocess.run([*command, *workflows], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.citation-file-format", "CITATION.cff"),
        ("vendor.github-issue-config", ".github/ISSUE_TEMPLATE/config.yml"),
        ("vendor.github-issue-forms", ".github/ISSUE_TEMPLATE/[!c]*.yml"),
    ],
)
def test_what_others_read_follows_its_schema(root: Path, schema: str, files: str) -> None:
    found = sorted(map(str, root.glob(files)))
    assert found
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *found]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_checks_at_a_commit_are_valid_and_are_what_make_lint_runs(root: Path) -> None:
    command = [sys.executable, "-m", "pre_commit", "validate-config"]
    assert subprocess.run(command, cwd=root, capture_output=True, check=False).returncode == 0
    hooks = yaml.safe_load((root / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    dry = subprocess.run(["make", "-n", "lint"], cwd=root, capture_output=True, text=True, check=True).stdout
    for hook in hooks:
        command = hook["entry"].removesuffix(" --force-exclude").removeprefix(".venv/bin/python ")
        assert command in dry, hook["id"]


def test_version_is_the_same_wherever_it_is_said(root: Path) -> None:
    version = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    assert str(yaml.safe_load((root / "CITATION.cff").read_text())["version"]) == version


def test_what_contributors_are_sent_to_exists(root: Path) -> None:
    text = (root / "CONTRIBUTING.md").read_text()
    named = re.findall(r"`((?:src|tests|book|benchmarks)/[\w./-]+|_toc\.yml)`", text)
    assert len(named) >= 15
    assert [path for path in named if not (root / path).exists()] == []
    said = " ".join(path.read_text() for folder in ("src", "tests") for path in (root / folder).rglob("*.py"))
    names = re.findall(r"`([A-Z]{4,}|[A-Z][a-z]+[A-Z]\w+|\w+_schedule|test_\w+)`", text)
    assert names
    assert [name for name in names if name not in said] == []


def test_workflows_are_secure(root: Path) -> None:
    zizmor = Path(sys.executable).with_name("zizmor")
    command = [str(zizmor), "--offline", "--no-progress", ".github/workflows"]
    checked = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout
