"""Private files: uploads, their previews and problems, and exports to download. Each is for one person only.

They are in ``settings.PRIVATE_DIR``, which no web server serves, under names that cannot be guessed. Files that belong
to an upload (its preview, its problems) share the beginning of its name. A name is never a path, and comes only from
the database, never from a form or a URL.
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
STEM = 32  # the random characters of a name, which all files of one upload share


class TooLarge(Exception):
    """More than ``limit`` bytes were received; none of them are kept."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"The file is larger than {limit:,} bytes.")
        self.limit = limit


def new_name(suffix: str) -> str:
    """Return a new random name that ends in ``suffix``, such as "csv"."""
    return _sound(f"{secrets.token_hex(STEM // 2)}.{suffix.lstrip('.').lower()}")


def beside(name: str, kind: str) -> str:
    """Return the name of a file that belongs to another one: ``beside(upload, "problems.csv")``."""
    return _sound(f"{_sound(name)[:STEM]}.{kind}")


def path(name: str) -> Path:
    """Return the path of a private file, in a folder that only our user may open. Raises ValueError for other names."""
    return _folder() / _sound(name)


def opener(file: str, flags: int) -> int:
    """Create files that only our user may read, whatever the umask: ``open(…, opener=private_files.opener)``."""
    return os.open(file, flags, 0o600)


class Incoming:
    """A new private file that is being received; ``close`` deletes it unless ``keep`` was called.

    ``size`` (in bytes) and ``digest`` (SHA-256) cover the bytes received so far.
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
        """Close the file, which is complete, and keep it."""
        self._file.close()
        self._kept = True

    def close(self) -> None:
        """Close the file, and delete it unless it is kept."""
        if not self._kept:
            delete(self.name)
            self._file.close()


def save(chunks: Iterable[bytes], suffix: str, limit: int) -> tuple[str, int, str]:
    """Save a new file; return its name, its size in bytes and its SHA-256.

    Raises TooLarge as soon as more than ``limit`` bytes are received. An incomplete file is deleted.
    """
    with closing(Incoming(suffix, limit)) as file:
        for chunk in chunks:
            file.write(chunk)
        file.keep()
    return file.name, file.size, file.digest


def exists(name: str) -> bool:
    """Return whether the file exists; False for "" and for any text that is not the name of a private file."""
    return bool(NAME.fullmatch(name)) and path(name).is_file()


def any_exists(name: str) -> bool:
    """Return whether the file, or any file that belongs to it, exists."""
    return any(_folder().glob(f"{_sound(name)[:STEM]}.*"))


def delete(name: str) -> None:
    """Delete the file if it exists. Do nothing for ""."""
    if name:
        path(name).unlink(missing_ok=True)


def delete_all(name: str, *, keep: Iterable[str] = ()) -> None:
    """Delete the file and all files that belong to it, except the kinds to ``keep``. Do nothing for ""."""
    if not name:
        return
    kept = {beside(name, kind) for kind in keep}
    for file in _folder().glob(f"{_sound(name)[:STEM]}.*"):
        if file.name not in kept:
            file.unlink(missing_ok=True)


def sweep(now: datetime, *, in_use: Iterable[str] = ()) -> int:
    """Delete files last written a day before ``now`` or earlier, and return how many.

    Files ``in_use``, and those that belong to them, are kept. Files that no row names, because a process died before
    it stored the row, are deleted too.
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
    except FileNotFoundError:  # another process just deleted it
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
