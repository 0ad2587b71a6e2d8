"""What files may be written in, and what becomes of bytes that are no text."""

from __future__ import annotations

import codecs
import io
import re
from typing import NamedTuple

from ops.files.problems import Problem


class Encoding(NamedTuple):
    """How a text is decoded. Bytes that are none reach the rows, which are then reported one by one."""

    name: str
    codec: str
    errors: str = "surrogateescape"


# Those that a file can be said to be in, with what tells them apart for people.
ENCODINGS = {
    "UTF-8": "UTF-8",
    "UTF-16": "UTF-16 (“Unicode” in older programs)",
    "Windows-1252": "Windows-1252 (Western Europe)",
    "Latin-1": "Latin-1 (ISO 8859-1)",
    "Latin-9": "Latin-9 (ISO 8859-15, with €)",
    "Windows-1250": "Windows-1250 (Central Europe)",
    "Windows-1251": "Windows-1251 (Cyrillic)",
    "KOI8-R": "KOI8-R (Cyrillic)",
    "Windows-1253": "Windows-1253 (Greek)",
    "Windows-1254": "Windows-1254 (Turkish)",
    "Windows-1255": "Windows-1255 (Hebrew)",
    "Windows-1256": "Windows-1256 (Arabic)",
    "Mac Roman": "Mac Roman (old Macs)",
    "Shift_JIS": "Shift_JIS (Japanese)",
    "EUC-KR": "EUC-KR (Korean)",
    "GB18030": "GB18030 (Chinese, GBK included)",
    "Big5": "Big5 (traditional Chinese)",
}
CODECS = {
    "UTF-8": "utf-8-sig",
    "UTF-16": "utf-16",
    "Latin-9": "iso8859-15",
    "Mac Roman": "mac-roman",
    "Shift_JIS": "cp932",
    "EUC-KR": "cp949",
}
ESCAPED_BYTES = re.compile("[\udc80-\udcff]")


def open_text(file: io.BufferedReader, chosen: str = "") -> tuple[io.TextIOWrapper, Encoding]:
    """The text of a file, line ends as they are, and its encoding: what was chosen, else what its beginning tells."""
    start = file.peek(4)[:4]
    encoding = encoding_of(start, chosen)
    if start.startswith(codecs.BOM_UTF8) and encoding.name != "UTF-8":
        file.read(len(codecs.BOM_UTF8))
    return io.TextIOWrapper(file, encoding=encoding.codec, errors=encoding.errors, newline=""), encoding


def encoding_of(start: bytes, chosen: str = "") -> Encoding:
    """The encoding of a file that begins with these 4 bytes; UTF-16 tells itself, whatever was chosen.

    Raises KeyError where ``chosen`` is none of ENCODINGS.
    """
    utf_16 = _utf_16(start, certain=chosen != "UTF-16")
    if utf_16:
        return Encoding("UTF-16", utf_16, "surrogatepass")
    name = chosen or "UTF-8"
    if name not in ENCODINGS:
        raise KeyError(name)
    return Encoding(name, CODECS.get(name, name.lower()))


def undecoded(row: int, text: str, encoding: Encoding) -> Problem | None:
    """The problem of a row whose text holds bytes that are none in the encoding; None where all are."""
    if encoding.errors != "surrogateescape":
        return None
    found = ESCAPED_BYTES.search(text)
    if found is None:
        return None
    byte = ord(found[0]) - 0xDC00
    remedy = "choose the file's encoding, or save the file as UTF-8 and import that."
    return Problem(
        row, "", "error", f"Row {row} is not valid {encoding.name} (byte 0x{byte:02X}): {remedy}", "encoding"
    )


def _utf_16(start: bytes, *, certain: bool) -> str:
    """The codec for UTF-16, told by its mark, or by a first character of ASCII; if not ``certain``, in any case."""
    if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    if start[:1] == b"\x00" and start[1:2] != b"\x00":
        return "utf-16-be"
    little_endian = start[:1] != b"\x00" and start[1:2] == b"\x00"
    return "utf-16-le" if little_endian or not certain else ""
