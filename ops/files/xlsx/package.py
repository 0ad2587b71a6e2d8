"""The ZIP of a workbook and the XML in it, taken apart so that no file, however hostile, takes much memory or time."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO
from xml.parsers import expat

from ops.files.problems import Unreadable

MOST_PARTS, LARGEST_DIRECTORY = 5_000, 1 << 20  # bytes
# A part may unpack to so many bytes, those that are packed unusually well to fewer.
LARGEST_PART, LARGEST_SMALL_PART = 2 << 30, 32 << 20
MOST_TIMES_PACKED = 100
LARGEST_DESCRIPTION = 16 << 20  # bytes of a part that says only how the workbook is built
LONGEST_TOKEN = 1 << 20  # bytes of one tag
MOST_NAMES = 5_000  # different names of elements and attributes
MOST_ELEMENTS = 200_000  # in a part that says how the workbook is built
READ_AT_ONCE = 1 << 16
# Of what stands at the end of a ZIP: its length, the number of entries, the size of the directory.
END = struct.Struct("<4s4H2LH")
END_MARK, END_64_MARK = b"PK\x05\x06", b"PK\x06\x07"
LONGEST_COMMENT = (1 << 16) - 1
LOCATOR = 20  # bytes before the end in which a larger ZIP says where its true end is
BROKEN = "it is cut off or damaged"

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]
Data = Callable[[str], None]


def unfit(why: str, *, row: int | None = None) -> Unreadable:
    """Why a workbook cannot be read, with the remedy."""
    return Unreadable(f"cannot read this workbook: {why}; save it again as .xlsx or CSV.", row=row)


def most_unpacked(packed: int) -> int:
    """The bytes that so many packed ones may become."""
    return max(LARGEST_SMALL_PART, packed * MOST_TIMES_PACKED)


class Package:
    """An open workbook's parts. Opening looks at the directory only: raises Unreadable where it promises no good."""

    def __init__(self, file: BinaryIO) -> None:
        self.packed = _check_end(file)  # bytes of the file
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise unfit(BROKEN) from error

    def __contains__(self, name: str) -> bool:
        return name in self._zip.NameToInfo

    @property
    def names(self) -> list[str]:
        return self._zip.namelist()

    def size(self, name: str) -> int:
        """How many bytes a part unpacks to."""
        return self._info(name).file_size

    @contextmanager
    def open(self, name: str, *, largest: int) -> Iterator[BinaryIO]:
        """A part of the workbook, of at most ``largest`` bytes; raises Unreadable where it says that it has more."""
        info = self._info(name)
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & 1:
            raise unfit("it is packed in a way that spreadsheet programs do not use")
        if info.file_size > min(largest, most_unpacked(info.compress_size)):
            raise unfit(f"it would unpack to {info.file_size / 2**20:,.0f} MiB or more")
        with _in_words(), self._zip.open(info) as part:
            yield part  # type: ignore[misc]

    def elements(self, name: str) -> list[tuple[str, str, dict[str, str]]]:
        """(the element around it, name, attributes) of each element of a small part, in the order of their starts."""
        found: list[tuple[str, str, dict[str, str]]] = []
        around = [""]

        def start(name: str, attributes: dict[str, str]) -> None:
            name = name.rpartition(":")[2]
            found.append((around[-1], name, attributes))
            if len(found) > MOST_ELEMENTS:
                raise unfit("it is built from too many pieces")
            around.append(name)

        with self.open(name, largest=LARGEST_DESCRIPTION) as part:
            for _ in parse(part, start, lambda name: _drop(around)):
                pass
        return found

    def _info(self, name: str) -> zipfile.ZipInfo:
        try:
            return self._zip.getinfo(name)
        except KeyError as error:
            raise unfit(f"its part {name} is missing") from error


def parse(part: BinaryIO, start: Start, end: End, data: Data | None = None) -> Iterator[int]:
    """Tell the elements of a part to the functions, piece by piece; yields the bytes taken after each piece.

    Raises Unreadable where it is no XML, or XML that is made to do harm: entities and document types (which no
    spreadsheet program writes), long tags, countless different names. That elements are not countless, or too deep
    within one another, is for ``start`` to see to.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.buffer_size = READ_AT_ONCE

    def refuse(*_: object) -> None:
        raise unfit("it defines entities or a document type, as no spreadsheet program does")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    if data is not None:
        parser.CharacterDataHandler = data
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    taken = 0
    while piece := part.read(READ_AT_ONCE):
        taken += len(piece)
        _parse(parser, piece, last=False)
        if taken - parser.CurrentByteIndex > LONGEST_TOKEN or len(parser.intern) > MOST_NAMES:
            raise unfit("it holds names or tags that no spreadsheet program writes")
        yield taken
    _parse(parser, b"", last=True)
    yield taken


def _parse(parser: expat.XMLParserType, piece: bytes, *, last: bool) -> None:
    try:
        parser.Parse(piece, last)
    except expat.ExpatError as error:
        raise unfit(BROKEN) from error


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        raise unfit(BROKEN) from error


def _drop(around: list[str]) -> None:
    around.pop()


def _check_end(file: BinaryIO) -> int:
    """The size of the file in bytes.

    Raises Unreadable where the directory is too large to be read at all: the library reads it in one piece.
    """
    size = file.seek(0, 2)
    length = min(size, LOCATOR + END.size + LONGEST_COMMENT)
    file.seek(size - length)
    tail = file.read(length)
    at = tail.rfind(END_MARK)
    file.seek(0)
    if at < 0 or at + END.size > len(tail):
        raise unfit(BROKEN)
    _, _, _, _, entries, directory, _, _ = END.unpack_from(tail, at)
    if END_64_MARK in tail[max(0, at - LOCATOR) : at] or entries > MOST_PARTS or directory > LARGEST_DIRECTORY:
        raise unfit("it is a ZIP of too many or too large parts")
    return size
