"""The repository is in order: small folders, modules named for what they do, documents that name existing files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

HOUSE = Path(settings.BASE_DIR)
MOST_MODULES = 15  # in one folder; more are divided into folders
NAMELESS = {"utils", "helpers", "services", "misc", "common"}  # names that do not describe the content
PAPERS = [*HOUSE.glob("*.md"), *HOUSE.glob("docs/*.md")]
# A path of this repository in a document: `ops/audit/recording.py`, `docs/roles.md`, `messaging/`.
OURS = re.compile(r"`((?:ops|messaging|bench|docs|fixtures|\.ci)/[\w./-]*)`")
# A file named without its folder is in or below the folder of the file named before it, except files of every room.
SHORT = re.compile(r"`((?!/)[\w./-]+(?:/|\.(?:py|js|html|toml)))`")
OF_EVERY_ROOM = {"apps.py", "admin.py", "tests/addresses.py"}
LINKS = re.compile(r"\]\((?!https?:|#)([^)#]+)")


def modules(folder: Path) -> list[str]:
    """Return the modules of a folder, without ``__init__``."""
    return sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")


def folders() -> list[Path]:
    """Return all folders with code, except tests, migrations and commands."""
    code = {path.parent for room in ("messaging", "ops", "bench") for path in (HOUSE / room).rglob("*.py")}
    return sorted(folder for folder in code if not {"tests", "migrations", "commands"} & set(folder.parts))


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: str(folder.relative_to(HOUSE)))
def test_no_folder_holds_more_than_its_share(folder: Path) -> None:
    assert len(modules(folder)) <= MOST_MODULES, modules(folder)
    assert not NAMELESS & set(modules(folder))


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
def test_every_path_and_link_in_a_paper_leads_somewhere(paper: Path) -> None:
    text = paper.read_text(encoding="utf-8")
    missing = [path for path in OURS.findall(text) if not (HOUSE / path).exists()]
    missing += [link for link in LINKS.findall(text) if not (paper.parent / link).exists()]
    assert missing == []


def test_a_file_named_without_its_folder_is_beside_the_one_named_before_it() -> None:
    lost = []
    for paragraph in re.split(r"\n(?=\d+\. |\||\n)", (HOUSE / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")):
        folder = HOUSE
        for name in SHORT.findall(paragraph):
            path = HOUSE / name
            if path.exists():
                folder = path if path.is_dir() else path.parent
            elif name not in OF_EVERY_ROOM and not (folder / name).exists():
                lost.append(name)
    assert lost == []


def test_no_docstring_points_out_of_the_repository() -> None:
    """A clone contains every file that a docstring refers to."""
    outside = re.compile(r"\b(DESIGN|LIBRARIES|BASELINES|REDESIGN|WORDING|STYLE)\.md\b|\.\./shared/(?!data)")
    found = [
        str(path.relative_to(HOUSE))
        for room in ("messaging", "ops", "bench")
        for path in (HOUSE / room).rglob("*.py")
        if path != Path(__file__) and outside.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_every_variable_of_the_settings_has_a_row_in_the_papers() -> None:
    """The CI run unsets the variables of this table, so that nobody's own settings affect its tests."""
    read = re.findall(r'environment\.\w+\(\s*"([A-Z_]+)"', (HOUSE / "ops" / "settings.py").read_text(encoding="utf-8"))
    paper = (HOUSE / "docs" / "configuring.md").read_text(encoding="utf-8")
    assert {*read} - {"ENV_FILE"} <= {*re.findall(r"^\| `([A-Z_]+)`", paper, re.MULTILINE)}
