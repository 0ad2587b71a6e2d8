"""The check of pinned packages passes only if pip-audit looked up all of them and found nothing."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

FILE = Path(__file__).parent / "audit_pins.py"
spec = importlib.util.spec_from_file_location("audit_pins", FILE)
assert spec is not None and spec.loader is not None
audit_pins = importlib.util.module_from_spec(spec)
spec.loader.exec_module(audit_pins)


@pytest.fixture
def pip_audit(tmp_path: Path):
    """Return a function that creates a stand-in for pip-audit from a line of shell."""

    def make(script: str) -> str:
        program = tmp_path / "pip-audit"
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        program.chmod(0o700)
        return str(program)

    return make


def test_pins_without_known_vulnerabilities_pass(pip_audit) -> None:
    program = pip_audit("echo 'No known vulnerabilities found' >&2")
    assert audit_pins.audit(program, ["Django==5.2.19"]) == (
        0,
        "None of the 1 pinned packages has a known vulnerability.",
    )


def test_a_known_vulnerability_fails_and_is_shown(pip_audit) -> None:
    code, words = audit_pins.audit(pip_audit("echo 'django 5.0 CVE-1'; exit 1"), ["Django==5.0"])
    assert code == 1
    assert words == f"django 5.0 CVE-1\n{audit_pins.FAULTY}"


def test_a_service_that_does_not_answer_fails_and_says_why(pip_audit) -> None:
    program = pip_audit("echo 'Traceback' >&2; echo 'ConnectionError: no route' >&2; exit 1")
    expected = audit_pins.NOT_CHECKED.format("ConnectionError: no route")
    assert "NOT checked" in expected
    assert audit_pins.audit(program, ["Django==5.2.19"]) == (2, expected)


def test_packages_that_the_service_does_not_know_are_not_skipped(pip_audit) -> None:
    program = pip_audit("""case "$*" in *--strict*) echo 'django: not found' >&2; exit 1;; esac""")
    assert audit_pins.audit(program, ["Django==5.2.19"])[0] == 2


def test_all_pins_of_both_files_are_looked_up(tmp_path: Path, pip_audit) -> None:
    (tmp_path / "requirements.txt").write_text("# why\nDjango==5.2.19   # the framework\n\n", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text('[dependency-groups]\ndev = ["pytest==9.2.0"]\n', encoding="utf-8")
    assert audit_pins.pins(tmp_path) == ["Django==5.2.19", "pytest==9.2.0"]
    program = pip_audit('while [ "$1" != --requirement ]; do shift; done; cat "$2"; exit 1')
    assert audit_pins.audit(program, audit_pins.pins(tmp_path))[1].startswith("Django==5.2.19\npytest==9.2.0\n")


def test_everything_that_is_pinned_has_an_exact_version() -> None:
    assert [pin for pin in audit_pins.pins() if "==" not in pin] == []
