"""Private files: their names cannot be guessed, nobody else may open them, and they are deleted after a day."""

from __future__ import annotations

import os
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from ops.files import private_files


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.PRIVATE_DIR = tmp_path / "private"
    return settings.PRIVATE_DIR


def saved(content: bytes = b"hello", *, age: timedelta = timedelta()) -> str:
    name, _, _ = private_files.save([content], "upload", 1_000)
    made = (timezone.now() - age).timestamp()
    os.utime(private_files.path(name), (made, made))
    return name


def left(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_a_file_is_kept_with_its_size_and_digest(folder: Path) -> None:
    name, size, digest = private_files.save([b"hel", b"lo"], "upload", 5)
    assert private_files.path(name).read_bytes() == b"hello"
    assert (size, digest[:8]) == (5, "2cf24dba")


def test_only_the_owner_may_open_a_file(folder: Path) -> None:
    umask = os.umask(0)
    try:
        name = saved()
    finally:
        os.umask(umask)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(private_files.path(name).stat().st_mode) == 0o600


def test_names_cannot_be_guessed() -> None:
    names = {private_files.new_name("csv") for _ in range(1_000)}
    assert len({name[:16] for name in names}) == 1_000
    assert all(name.endswith(".csv") and len(name) == 36 for name in names)


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/passwd", "a/b.csv", "", "x" * 32 + ".csv", "0" * 32, "0" * 32 + "./x"]
)
def test_only_names_of_private_files_have_a_path(name: str) -> None:
    with pytest.raises(ValueError, match="is no name of a private file"):
        private_files.path(name)
    assert private_files.exists(name) is False


def test_a_file_that_is_too_large_is_not_kept(folder: Path) -> None:
    taken = iter([b"12345", b"6", b"never asked for"])
    with pytest.raises(private_files.TooLarge):
        private_files.save(taken, "upload", 5)
    assert left(folder) == set()
    assert list(taken) == [b"never asked for"]


def test_an_incomplete_file_is_not_kept(folder: Path) -> None:
    def broken() -> Any:
        yield b"half"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        private_files.save(broken(), "upload", 1_000)
    assert left(folder) == set()


def test_a_file_is_deleted_with_those_that_belong_to_it(folder: Path) -> None:
    name, other = saved(), saved()
    for kind in ("preview.json", "problems.csv", "rejected.csv"):
        private_files.path(private_files.beside(name, kind)).touch()
    private_files.delete_all(name, keep=["rejected.csv"])
    assert left(folder) == {other, private_files.beside(name, "rejected.csv")}
    private_files.delete_all(name)
    private_files.delete_all("")
    assert left(folder) == {other}


def test_deleting_twice_is_no_error(folder: Path) -> None:
    name = saved()
    for _ in range(2):
        private_files.delete(name)
    assert not private_files.exists(name)


def test_a_sweep_removes_files_that_are_a_day_old(folder: Path, db: Any) -> None:
    young, old = saved(age=timedelta(hours=23)), saved(age=timedelta(hours=25))
    assert private_files.sweep(timezone.now()) == 1
    assert private_files.exists(young)
    assert not private_files.exists(old)


def test_a_sweep_leaves_files_in_use_and_those_that_belong_to_them(folder: Path) -> None:
    upload = saved(age=timedelta(days=3))
    problems = private_files.path(private_files.beside(upload, "problems.csv"))
    problems.touch()
    assert private_files.sweep(timezone.now() + timedelta(days=3), in_use=[upload, ""]) == 0
    assert private_files.sweep(timezone.now() + timedelta(days=3)) == 2
