"""Look up known vulnerabilities of all packages that requirements.txt and pyproject.toml pin: ``make audit-pins``.

Exits with 0 if all pins were looked up and none is known to be vulnerable, with 1 if some are, and with 2 if they could
not be looked up.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# --strict: a package that the service does not know fails the check. Otherwise pip-audit would skip it and pass.
OPTIONS = ["--strict", "--no-deps", "--disable-pip", "--progress-spinner", "off"]
CLEAN = "None of the {} pinned packages has a known vulnerability."
FAULTY = "These pinned packages have known vulnerabilities; docs/updating.md says how to update them."
NOT_CHECKED = "The pinned packages were NOT checked: pip-audit could not look them up. Its last line: {}"


def pins(root: Path = ROOT) -> list[str]:
    """Return every pinned requirement ("name==version") of both files."""
    lines = (root / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pinned = [line.partition("#")[0].strip() for line in lines]
    groups = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
    pinned += [entry for group in groups.values() for entry in group if isinstance(entry, str)]
    return [pin for pin in pinned if pin]


def audit(program: str, pinned: Sequence[str]) -> tuple[int, str]:
    """Run pip-audit (``program``) over the pins; returns the exit code and what to print."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write("\n".join(pinned))
        file.flush()
        command = [program, *OPTIONS, "--requirement", file.name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - the pinned pip-audit
    if done.returncode == 0:
        return 0, CLEAN.format(len(pinned))
    if done.stdout.strip():  # pip-audit prints vulnerabilities on stdout, and its own failures on stderr
        return 1, f"{done.stdout.rstrip()}\n{FAULTY}"
    last = done.stderr.strip().splitlines() or ["none"]
    return 2, NOT_CHECKED.format(last[-1])


if __name__ == "__main__":
    code, words = audit(sys.argv[1], pins())
    print(words, file=sys.stderr if code else sys.stdout)
    sys.exit(code)
