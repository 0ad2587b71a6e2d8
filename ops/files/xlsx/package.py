"""The ZIP of a workbook and the XML in it, read so that no file, however hostile, takes much memory or time."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO
from xml.parsers import expat

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.languages.wording import grouped
from ops.files.problems import Unreadable

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MOST_PARTS, LARGEST_DIRECTORY = 5_000, 1 << 20  # bytes
# A part may unpack to this many bytes; to fewer if it is packed unusually well.
LARGEST_PART, LARGEST_SMALL_PART = 2 << 30, 32 << 20
MOST_TIMES_PACKED = 100
LARGEST_DESCRIPTION = 16 << 20  # bytes of a part that only describes the workbook
LONGEST_TOKEN = 1 << 20  # bytes of one tag
MOST_NAMES = 5_000  # different names of elements and attributes
MOST_ELEMENTS = 200_000  # in a part that only describes the workbook
READ_AT_ONCE = 1 << 16
# The record at the end of a ZIP, with the number of entries and the size of the directory.
END = struct.Struct("<4s4H2LH")
END_MARK, END_64_MARK = b"PK\x05\x06", b"PK\x06\x07"
LONGEST_COMMENT = (1 << 16) - 1
LOCATOR = 20  # bytes before that record in which a ZIP64 says where its own record is
BROKEN = gettext_lazy("it is cut off or damaged")

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]
Data = Callable[[str], None]


def unreadable_workbook(why: StrOrPromise, *, row: int | None = None) -> Unreadable:
    """Return the error for a workbook that cannot be read: the reason, with the remedy."""
    said = _("cannot read this workbook: %(why)s; save it again as .xlsx or CSV.")
    return Unreadable(said % {"why": why}, row=row)


def most_unpacked(packed: int) -> int:
    """Return how many bytes ``packed`` bytes may unpack to."""
    return max(LARGEST_SMALL_PART, packed * MOST_TIMES_PACKED)


class Package:
    """The parts of an open workbook. Opening reads the directory; raises Unreadable if it is damaged or large."""

    def __init__(self, file: BinaryIO) -> None:
        self.packed = _check_end(file)  # bytes of the file
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise unreadable_workbook(BROKEN) from error

    def __contains__(self, name: str) -> bool:
        return name in self._zip.NameToInfo

    @property
    def names(self) -> list[str]:
        return self._zip.namelist()

    def size(self, name: str) -> int:
        """Return how many bytes a part unpacks to."""
        return self._info(name).file_size

    @contextmanager
    def open(self, name: str, *, largest: int) -> Iterator[BinaryIO]:
        """Open a part of the workbook. Raises Unreadable if its size in the directory exceeds ``largest`` bytes."""
        info = self._info(name)
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & 1:
            raise unreadable_workbook(_("it is packed in a way that spreadsheet programs do not use"))
        if info.file_size > min(largest, most_unpacked(info.compress_size)):
            size = grouped(round(info.file_size / 2**20))
            raise unreadable_workbook(_("it would unpack to %(size)s MiB or more") % {"size": size})
        with _as_unreadable(), self._zip.open(info) as part:
            yield part  # type: ignore[misc]

    def elements(self, name: str) -> list[tuple[str, str, dict[str, str]]]:
        """Return (name of its parent, name, attributes) of each element of a small part, in document order."""
        found: list[tuple[str, str, dict[str, str]]] = []
        parents = [""]

        def start(name: str, attributes: dict[str, str]) -> None:
            name = name.rpartition(":")[2]
            found.append((parents[-1], name, attributes))
            if len(found) > MOST_ELEMENTS:
                raise unreadable_workbook(_("it is built from too many pieces"))
            parents.append(name)

        with self.open(name, largest=LARGEST_DESCRIPTION) as part:
            for _taken in parse(part, start, lambda name: _pop(parents)):
                pass
        return found

    def _info(self, name: str) -> zipfile.ZipInfo:
        try:
            return self._zip.getinfo(name)
        except KeyError as error:
            raise unreadable_workbook(_("its part %(name)s is missing") % {"name": name}) from error


def parse(part: BinaryIO, start: Start, end: End, data: Data | None = None) -> Iterator[int]:
    """Call the functions for the elements of a part, piece by piece; yield the bytes read after each piece.

    Raises Unreadable if it is not XML, or looks like an attack: entities and document types (which no spreadsheet
    program writes), long tags, very many different names. ``start`` has to limit the number and the depth of the
    elements.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.buffer_size = READ_AT_ONCE

    def refuse(*_given: object) -> None:
        raise unreadable_workbook(_("it defines entities or a document type, as no spreadsheet program does"))

    parser.StartElementHandler, parser.EndElementHandler = start, end
    if data is not None:
        parser.CharacterDataHandler = data
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    taken = 0
    while piece := part.read(READ_AT_ONCE):
        taken += len(piece)
        _parse(parser, piece, last=False)
        if taken - parser.CurrentByteIndex > LONGEST_TOKEN or len(parser.intern) > MOST_NAMES:
            raise unreadable_workbook(_("it holds names or tags that no spreadsheet program writes"))
        yield taken
    _parse(parser, b"", last=True)
    yield taken


def _parse(parser: expat.XMLParserType, piece: bytes, *, last: bool) -> None:
    try:
        parser.Parse(piece, last)
    except expat.ExpatError as error:
        raise unreadable_workbook(BROKEN) from error


@contextmanager
def _as_unreadable() -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        raise unreadable_workbook(BROKEN) from error


def _pop(parents: list[str]) -> None:
    parents.pop()


def _check_end(file: BinaryIO) -> int:
    """Return the size of the file in bytes.

    Raises Unreadable if the directory is too large: zipfile reads it in one piece.
    """
    size = file.seek(0, 2)
    length = min(size, LOCATOR + END.size + LONGEST_COMMENT)
    file.seek(size - length)
    tail = file.read(length)
    at = tail.rfind(END_MARK)
    file.seek(0)
    if at < 0 or at + END.size > len(tail):
        raise unreadable_workbook(BROKEN)
    entries, directory = END.unpack_from(tail, at)[4:6]
    if END_64_MARK in tail[max(0, at - LOCATOR) : at] or entries > MOST_PARTS or directory > LARGEST_DIRECTORY:
        raise unreadable_workbook(_("it is a ZIP of too many or too large parts"))
    return size
