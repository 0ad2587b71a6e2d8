"""The encodings of files: decoding, reporting bytes that are not valid, and guessing the likely encoding."""

from __future__ import annotations

import codecs
import io
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext, gettext_lazy, gettext_noop

from ops.files.problems import Problem
from ops.files.wording import LookUp
from ops.serving.lazy_modules import LazyModule

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

charset_normalizer = LazyModule("charset_normalizer")


class Encoding(NamedTuple):
    """How a text is decoded. Invalid bytes are escaped, so that each row that holds them can be reported."""

    name: str
    codec: str
    errors: str = "surrogateescape"


# The encodings that can be chosen, with their labels.
ENCODINGS: dict[str, StrOrPromise] = {
    "UTF-8": "UTF-8",
    "UTF-16": gettext_lazy("UTF-16 (“Unicode” in older programs)"),
    "Windows-1252": gettext_lazy("Windows-1252 (Western Europe)"),
    "Latin-1": "Latin-1 (ISO 8859-1)",
    "Latin-9": gettext_lazy("Latin-9 (ISO 8859-15, with €)"),
    "Windows-1250": gettext_lazy("Windows-1250 (Central Europe)"),
    "Windows-1251": gettext_lazy("Windows-1251 (Cyrillic)"),
    "KOI8-R": gettext_lazy("KOI8-R (Cyrillic)"),
    "Windows-1253": gettext_lazy("Windows-1253 (Greek)"),
    "Windows-1254": gettext_lazy("Windows-1254 (Turkish)"),
    "Windows-1255": gettext_lazy("Windows-1255 (Hebrew)"),
    "Windows-1256": gettext_lazy("Windows-1256 (Arabic)"),
    "Mac Roman": gettext_lazy("Mac Roman (old Macs)"),
    "Shift_JIS": gettext_lazy("Shift_JIS (Japanese)"),
    "EUC-KR": gettext_lazy("EUC-KR (Korean)"),
    "GB18030": gettext_lazy("GB18030 (Chinese, GBK included)"),
    "Big5": gettext_lazy("Big5 (traditional Chinese)"),
}
CODECS = {
    "UTF-8": "utf-8-sig",
    "UTF-16": "utf-16",
    "Latin-9": "iso8859-15",
    "Mac Roman": "mac-roman",
    "Shift_JIS": "cp932",
    "EUC-KR": "cp949",
}
NOT_VALID = gettext_noop(
    "Row %(row)s is not valid %(encoding)s (byte %(byte)s): choose the file's encoding, or save the file as UTF-8 and "
    "import that."
)
ESCAPED_BYTES = re.compile("[\udc80-\udcff]")
BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
# Limits of suggest_encodings().
SEARCHED, SAMPLE, BLOCK = 16 << 20, 16 << 10, 1 << 20  # bytes
SECONDS = 15.0  # a worker that is silent for longer than JOBS_LEASE_SECONDS counts as dead
MOST_DISORDER = (
    0.35  # of a text that still counts as likely, on charset-normalizer's scale; its default drops short texts
)
EQUAL_DISORDER, EQUAL_COHERENCE = 0.02, 0.05  # smaller differences mean nothing


def open_text(file: io.BufferedReader, chosen: str = "") -> tuple[io.TextIOWrapper, Encoding]:
    """Open a file as text, line ends unchanged; return it with its encoding: the chosen or else the detected one."""
    start = file.peek(4)[:4]
    encoding = encoding_of(start, chosen)
    if start.startswith(codecs.BOM_UTF8) and encoding.name != "UTF-8":
        file.read(len(codecs.BOM_UTF8))
    return io.TextIOWrapper(file, encoding=encoding.codec, errors=encoding.errors, newline=""), encoding


def encoding_of(start: bytes, chosen: str = "") -> Encoding:
    """Return the encoding of a file that begins with these 4 bytes; UTF-16 is detected whatever was chosen.

    Raises KeyError if ``chosen`` is not in ENCODINGS.
    """
    utf_16 = _utf_16(start, certain=chosen != "UTF-16")
    if utf_16:
        return Encoding("UTF-16", utf_16, "surrogatepass")
    name = chosen or "UTF-8"
    if name not in ENCODINGS:
        raise KeyError(name)
    return Encoding(name, codec_of(name))


def undecoded(row: int, text: str, encoding: Encoding, look_up: LookUp = gettext) -> Problem | None:
    """Return the problem of a row whose text has bytes that are not valid in the encoding; None if all are."""
    if encoding.errors != "surrogateescape":
        return None
    found = ESCAPED_BYTES.search(text)
    if found is None:
        return None
    byte = f"0x{ord(found[0]) - 0xDC00:02X}"
    words = look_up(NOT_VALID) % {"row": row, "encoding": encoding.name, "byte": byte}
    return Problem(row, "", "error", words, "encoding")


def suggest_encodings(path: Path, *, preferred: str = "") -> list[str]:
    """Return the likeliest encoding of a file that is not valid UTF-8, then ``preferred`` if that fits too.

    ``preferred`` comes first if it is equally likely. Each can decode the whole file. Empty if no encoding is found
    within SECONDS, if most of the file is UTF-8, or if it is UTF-16.
    """
    deadline = time.monotonic() + SECONDS
    with path.open("rb") as file:
        content = file.read(SEARCHED)
    if _utf_16(content[:4], certain=True):
        return []
    lines = lines_beyond_ascii(content)
    if 2 * sum(_is_utf_8(line) for line in lines) >= len(lines):
        return []
    names = likely(b"\n".join(lines))
    if preferred in ENCODINGS and not preferred.startswith("UTF"):
        names = [preferred, *names] if preferred in names else [*names, preferred]
    fitting = (name for name in dict.fromkeys(names) if _decodes(path, codec_of(name), deadline))
    likeliest = next(fitting, "")
    if not likeliest:
        return []
    others = [preferred] if preferred in names and preferred != likeliest else []
    return [likeliest, *(name for name in others if _decodes(path, codec_of(name), deadline))]


def sample_lines(path: Path, name: str, most: int) -> list[tuple[str, str]]:
    """Return (read as UTF-8, read in the encoding ``name``) of the first ``most`` lines with non-ASCII bytes."""
    with path.open("rb") as file:
        lines = lines_beyond_ascii(file.read(SEARCHED))[:most]
    return [(line.decode("utf-8", "surrogateescape"), line.decode(codec_of(name), "replace")) for line in lines]


def codec_of(name: str) -> str:
    """Return the codec of one of ENCODINGS."""
    return CODECS.get(name, name.lower())


def _utf_16(start: bytes, *, certain: bool) -> str:
    """Return the codec of a UTF-16 file, detected by its mark or an ASCII first character; "" if it has neither.

    Unless it must be ``certain``, a file with neither counts as UTF-16 too.
    """
    if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    if start[:1] == b"\x00" and start[1:2] != b"\x00":
        return "utf-16-be"
    little_endian = start[:1] != b"\x00" and start[1:2] == b"\x00"
    return "utf-16-le" if little_endian or not certain else ""


def lines_beyond_ascii(content: bytes) -> list[bytes]:
    """Return the first lines with non-ASCII bytes, up to SAMPLE bytes. ASCII lines fit every encoding."""
    lines, size, position = [], 0, 0
    while size < SAMPLE and (found := BEYOND_ASCII.search(content, position)):
        start = content.rfind(b"\n", 0, found.start()) + 1
        end = content.find(b"\n", found.start())
        position = end if end >= 0 else len(content)
        lines.append(content[start : min(position, start + SAMPLE)])
        size += len(lines[-1])
    return lines


def likely(sample: bytes) -> list[str]:
    """Return the most likely encodings of a text, all equally likely, in the order of ENCODINGS."""
    names = {codecs.lookup(codec_of(name)).name: name for name in ENCODINGS if not name.startswith("UTF")}
    matches = list(
        charset_normalizer.from_bytes(
            sample,
            cp_isolation=list(names),
            steps=32,
            threshold=MOST_DISORDER,
            preemptive_behaviour=False,
            enable_fallback=False,
        )
    )
    if not matches:
        return []
    most = min(match.chaos for match in matches) + EQUAL_DISORDER
    least = max(match.coherence for match in matches if match.chaos <= most) - EQUAL_COHERENCE
    best = (match for match in matches if match.chaos <= most and match.coherence >= least)
    # A match stands for all encodings that give the same text.
    found = {names[codecs.lookup(codec).name] for match in best for codec in match.could_be_from_charset}
    return [name for name in ENCODINGS if name in found]


def _is_utf_8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _decodes(path: Path, codec: str, deadline: float) -> bool:
    """Return whether a whole file is valid in an encoding; False also if the deadline passes first."""
    decoder = codecs.getincrementaldecoder(codec)()
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                decoder.decode(block)
                if time.monotonic() > deadline:
                    return False
            decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True
