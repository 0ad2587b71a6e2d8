"""Settings of deletions: invalid values stop the start, with a message that does not reveal the key."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.tests.test_settings import start


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("ERASURE_KEY", "rosinante", "at least 50 random characters"),
        ("DELETION_MODE", "shred", "one of ERASE, ANONYMISE"),
        ("DELETION_TEXTS", "burn", "one of BLANK, KEEP"),
        ("DELETION_GRACE_DAYS", "-1", "a whole number, 0 or more"),
        ("DELETION_ONE_PERSON", "perhaps", "true or false"),
    ],
)
def test_an_invalid_setting_is_refused_with_the_expected_value(
    tmp_path: Path, variable: str, value: str, expected: str
) -> None:
    started = start(tmp_path, **{variable: value})
    assert started.returncode == 1
    assert f"The environment variable {variable} is " in started.stderr
    assert f"; it should be {expected}." in started.stderr
    assert "rosinante" not in started.stderr
