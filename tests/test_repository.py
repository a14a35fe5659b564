"""What holds for the repository as a whole: sizes, wheel, commands, documents."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest
import typer

from services.cli import app
from services.observability import Metrics
from services.settings import describe

ROOT = Path(__file__).parent.parent
PACKAGES = ("discharge", "fhir_mappings", "notifications", "services")
LONGEST_MODULE = 400
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def modules() -> list[Path]:
    every = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    # A migration is never shortened once it has run somewhere.
    return [path for path in every if path.parent.name != "versions"]


def longer_than_one_can_read(paths: Iterable[Path]) -> dict[str, int]:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in paths}
    return {path: length for path, length in lengths.items() if length > LONGEST_MODULE}


def test_no_module_is_longer_than_one_can_read() -> None:
    assert longer_than_one_can_read(modules()) == {}


def test_no_test_module_is_longer_than_one_can_read() -> None:
    assert longer_than_one_can_read((ROOT / "tests").rglob("*.py")) == {}


def test_every_package_is_typed_and_says_what_it_may_import() -> None:
    for package in PACKAGES:
        assert (ROOT / package / "py.typed").exists()
        assert "import" in (ROOT / package / "__init__.py").read_text(encoding="utf-8")


def test_the_wheel_holds_the_four_packages_and_nothing_else(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()

    assert {name.split("/")[0] for name in names} == {*PACKAGES, "stafet-0.1.0.dist-info"}
    assert "services/persistence/roles.sql" in names
    assert "services/web/static/vendor/htmx.min.js" in names
    assert "services/web/static/vendor/fonts/ibm-plex-sans-latin-400-normal.woff2" in names
    assert "stafet-0.1.0.dist-info/licenses/LICENSE" in names
    assert "services/Dockerfile" not in names


def test_no_index_would_take_the_wheel() -> None:
    assert "Private :: Do Not Upload" in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("target", ["install", "demo", "test", "bench", "check", "fix", "clean"])
def test_make_prints_its_targets(target: str) -> None:
    make = shutil.which("make")
    assert make is not None

    printed = subprocess.run([make], cwd=ROOT, check=True, capture_output=True, text=True).stdout

    assert f"make {target} " in printed


def test_continuous_integration_calls_what_people_call() -> None:
    script = ROOT / ".ci" / "run"

    assert script.stat().st_mode & 0o100
    assert re.findall(r"^make \w+$", script.read_text(encoding="utf-8"), re.MULTILINE) == ["make test", "make check"]


def test_every_library_the_pages_load_comes_from_the_npm_lock_file() -> None:
    locked = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]

    copied = set(re.findall(r"cp node_modules/((?:@[\w-]+/)?[\w.-]+)/", MAKEFILE))

    assert copied
    assert all(locked[f"node_modules/{name}"]["integrity"] for name in copied)


def test_every_setting_is_documented_with_its_default() -> None:
    undocumented = [
        setting.variable
        for setting in describe()
        if f"| `{setting.variable}` | " not in OPERATIONS or setting.meaning not in OPERATIONS
    ]

    assert undocumented == []


def test_every_command_is_documented() -> None:
    group = typer.main.get_command(app)
    context = typer.Context(group)
    names = group.list_commands(context)  # type: ignore[attr-defined]  # the root is a group

    assert [name for name in names if f"`stafet {name}" not in OPERATIONS] == []


def test_every_metric_is_documented() -> None:
    names = set(re.findall(r"# TYPE (stafet_\w+?)(?:_created)? ", Metrics.create().render().decode()))

    assert [name for name in sorted(names) if f"`{name}" not in OPERATIONS] == []
