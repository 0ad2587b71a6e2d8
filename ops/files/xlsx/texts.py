"""The shared texts of a workbook: kept on disk if there are many, so that memory stays flat."""

from __future__ import annotations

import re
import tempfile
from array import array
from types import TracebackType

from django.utils.translation import gettext as _

from messaging.languages.wording import grouped
from ops.files.sources import LONGEST_VALUE
from ops.files.xlsx.package import Package, parse, unreadable_workbook

MOST_SHARED_TEXTS = 4_000_000
LARGEST_SHARED_TEXTS = 512 << 20  # bytes of the part that holds them
MOST_ELEMENTS = 100_000  # in one text
KEPT_IN_MEMORY = 16 << 20  # bytes
ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


def unescaped(text: str) -> str:
    """Return a text without the escapes of Excel: _x000D_ stands for a carriage return, _x005F_ for an underscore."""
    if "_x" not in text:
        return text
    return ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


class TextParts:
    """Joins the pieces of the text of a cell or of a shared text, leaving out phonetic hints."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._in_text = self._in_hint = False

    def clear(self) -> None:
        if self._parts:
            self._parts, self._length = [], 0

    def start(self, name: str) -> None:
        if name in ("t", "v"):
            self._in_text = not self._in_hint
        elif name == "rPh":
            self._in_hint = True

    def end(self, name: str) -> None:
        self._in_text = False
        if name == "rPh":
            self._in_hint = False

    def data(self, text: str) -> None:
        if self._in_text:
            self._parts.append(text)
            self._length += len(text)
            if self._length > LONGEST_VALUE:
                said = _("one of its texts has more than %(number)s characters")
                raise unreadable_workbook(said % {"number": grouped(LONGEST_VALUE)})

    def text(self) -> str:
        return self._parts[0] if len(self._parts) == 1 else "".join(self._parts)


class SharedTexts:
    """The shared texts of a workbook by number; a context manager."""

    def __init__(self, package: Package, part: str | None) -> None:
        """``part`` is the name of the part that has them, None if there is none."""
        self._file = tempfile.SpooledTemporaryFile(KEPT_IN_MEMORY)  # noqa: SIM115
        self._ends, self._written = array("Q", [0]), 0
        try:
            if part is not None:
                self._read(package, part)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> SharedTexts:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def __getitem__(self, number: int) -> str:
        """Return a text. Raises IndexError if there is no such text."""
        size = self.size(number)
        self._file.seek(self._ends[number])
        return self._file.read(size).decode(errors="surrogatepass")

    def size(self, number: int) -> int:
        """Return the size of a text in bytes. Raises IndexError if there is no such text."""
        if number < 0:
            raise IndexError(number)
        return self._ends[number + 1] - self._ends[number]

    def _read(self, package: Package, part: str) -> None:
        parts = TextParts()
        elements = 0

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal elements
            elements += 1
            if elements > MOST_ELEMENTS:
                raise unreadable_workbook(_("one of its texts is built from too many pieces"))
            if name != "si":
                parts.start(name.rpartition(":")[2])

        def end(name: str) -> None:
            nonlocal elements
            if name != "si" and not name.endswith(":si"):
                parts.end(name.rpartition(":")[2])
                return
            self._add(unescaped(parts.text()))
            parts.clear()
            elements = 0

        with package.open(part, largest=LARGEST_SHARED_TEXTS) as file:
            for _taken in parse(file, start, end, parts.data):
                pass

    def _add(self, text: str) -> None:
        if len(self._ends) > MOST_SHARED_TEXTS:
            said = _("it has more than %(number)s different texts")
            raise unreadable_workbook(said % {"number": grouped(MOST_SHARED_TEXTS)})
        self._written += self._file.write(text.encode(errors="surrogatepass")) if text else 0
        self._ends.append(self._written)
