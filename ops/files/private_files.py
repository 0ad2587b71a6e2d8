"""Files that only one person may have: uploads to import, what was found in them, and exports to download.

They lie in ``settings.PRIVATE_DIR``, which no web server serves, under names that nobody can guess. What belongs to
an upload (its preview, its problems) lies beside it: its name begins with the upload's. A name is never a path, and
what is in the database is all that ever names a file; a form or an address never does.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

KEPT = timedelta(days=1)
NAME = re.compile(r"[0-9a-f]{32}\.[a-z0-9.]{1,24}")
STEM = 32  # the characters of a name that nobody can guess, and that all files of one upload share


class TooLarge(Exception):
    """More than ``limit`` bytes came; nothing is kept of them."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"The file is larger than {limit:,} bytes.")
        self.limit = limit


def new_name(suffix: str) -> str:
    """A name that nobody can guess, ending in ``suffix``, such as "csv"."""
    return _sound(f"{secrets.token_hex(STEM // 2)}.{suffix.lstrip('.').lower()}")


def beside(name: str, kind: str) -> str:
    """The name of a file that belongs to another: ``beside(upload, "problems.csv")``."""
    return _sound(f"{_sound(name)[:STEM]}.{kind}")


def path(name: str) -> Path:
    """Where the file of this name is, or is to be: in a folder that only our own processes may open.

    Raises ValueError for what is no name of ours.
    """
    return _folder() / _sound(name)


def opener(file: str, flags: int) -> int:
    """For ``open(…, opener=private_files.opener)``: makes files that only we may read, whatever the umask says."""
    return os.open(file, flags, 0o600)


class Incoming:
    """A new private file that is being received; ``close`` removes it unless ``keep`` was called.

    ``name``, ``size`` (bytes so far) and ``digest`` (SHA-256 so far) tell what came.
    """

    def __init__(self, suffix: str, limit: int) -> None:
        self.name = new_name(suffix)
        self.limit = limit
        self.size = 0
        self._sum = hashlib.sha256()
        self._kept = False
        self._file = open(path(self.name), "xb", opener=opener)  # noqa: SIM115 - closed by ``keep`` or ``close``

    def write(self, chunk: bytes) -> None:
        """Add ``chunk``. Raises TooLarge instead of writing more than the limit."""
        if self.size + len(chunk) > self.limit:
            raise TooLarge(self.limit)
        self.size += len(chunk)
        self._sum.update(chunk)
        self._file.write(chunk)

    @property
    def digest(self) -> str:
        return self._sum.hexdigest()

    def keep(self) -> None:
        """It came whole: from now on it stays."""
        self._file.close()
        self._kept = True

    def close(self) -> None:
        """Let go of it, and of what came unless it is to be kept."""
        if not self._kept:
            delete(self.name)
            self._file.close()


def save(chunks: Iterable[bytes], suffix: str, limit: int) -> tuple[str, int, str]:
    """Keep what comes as a new file; its name, its size in bytes and its SHA-256.

    Raises TooLarge as soon as more than ``limit`` bytes came. Nothing is kept of a file that did not come whole.
    """
    with closing(Incoming(suffix, limit)) as file:
        for chunk in chunks:
            file.write(chunk)
        file.keep()
    return file.name, file.size, file.digest


def exists(name: str) -> bool:
    """Whether the file is there: "" and what is no name of ours are not."""
    return bool(NAME.fullmatch(name)) and path(name).is_file()


def left_of(name: str) -> bool:
    """Whether the file, or anything beside it, is there."""
    return any(_folder().glob(f"{_sound(name)[:STEM]}.*"))


def delete(name: str) -> None:
    """Remove the file, if it is there; "" names none."""
    if name:
        path(name).unlink(missing_ok=True)


def delete_all(name: str, *, keep: Iterable[str] = ()) -> None:
    """Remove the file and everything beside it but the kinds to ``keep``; "" names none."""
    if not name:
        return
    kept = {beside(name, kind) for kind in keep}
    for file in _folder().glob(f"{_sound(name)[:STEM]}.*"):
        if file.name not in kept:
            file.unlink(missing_ok=True)


def sweep(now: datetime, *, in_use: Iterable[str] = ()) -> int:
    """Remove what was last written a day before ``now`` or earlier, except files that are ``in_use`` (names, with what
    lies beside them); returns how many files.

    What no row names, because a process died before it was stored, is removed too.
    """
    latest = (now - KEPT).timestamp()
    needed = {name[:STEM] for name in in_use if name}
    removed = 0
    for file in list(_folder().iterdir()):
        if file.name[:STEM] not in needed and _written(file) <= latest:
            file.unlink(missing_ok=True)
            removed += 1
    return removed


def _written(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except FileNotFoundError:  # somebody else removed it just now
        return float("inf")


def _sound(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a private file.")
    return name


def _folder() -> Path:
    folder = Path(settings.PRIVATE_DIR)
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
