"""Rows of a file that are not valid in its encoding: read in another one if that was chosen, else suggested."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, cached_property

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext as _

from messaging.languages.wording import grouped, numbered
from ops.files.encodings import ENCODINGS, ESCAPED_BYTES, Encoding, codec_of, likely, undecoded
from ops.files.problems import Problem
from ops.files.suggestions import MOST_SAMPLES, Sample, Suggestion
from ops.files.wording import listed

USUAL = "Windows-1252"  # what a text that is not UTF-8 most often is
SAMPLE = 16 << 10  # bytes from which the encoding is guessed
NAMED_ROWS = 20
SHOWN = 80  # characters of a value, from a little before the first byte that is not valid
BEFORE = 20


class MixedRows:
    """The rows of one file that are not valid in its ``encoding``; ``fallback`` is the chosen other one, or "".

    The caller sets ``any_sound`` once a row with non-ASCII characters is valid: only then is the file mixed.
    """

    def __init__(self, encoding: Encoding, fallback: str) -> None:
        self.any_sound = False
        self._encoding, self._fallback = encoding, fallback
        self._look_up = cache(gettext)
        self._rows: list[int] = []  # the first ones
        self._count = 0
        self._samples: list[tuple[int, str]] = []
        self._bytes = bytearray()

    def read(self, number: int, values: Sequence[str]) -> tuple[Sequence[str], Problem | None]:
        """Return the values of a row, decoded in the fallback encoding if they are not valid, and its problem."""
        text = "".join(values)
        problem = undecoded(number, text, self._encoding, self._look_up)
        if problem is None:
            self.any_sound = self.any_sound or not text.isascii()
            return values, None
        if not self._fallback:
            self._collect(number, values)
            return values, problem
        try:
            found = [self._bytes_of(value).decode(codec_of(self._fallback)) for value in values]
        except UnicodeDecodeError:
            return values, undecoded(number, text, self._both, self._look_up)
        self._note(number)
        return found, None

    def notices(self) -> list[Problem]:
        """Return the notice about rows that were read in the fallback encoding."""
        if not self._fallback or not self._count:
            return []
        text = ngettext(
            "Row %(rows)s is read as %(encoding)s.", "%(number)s rows (%(rows)s) are read as %(encoding)s.", self._count
        )
        return [Problem(None, "", "notice", self._said(text, encoding=self._fallback))]

    def suggestions(self) -> list[Suggestion]:
        """Suggest likely encodings of these rows, if the rest of the file is valid UTF-8."""
        if self._encoding.name != "UTF-8" or not self._samples or not self.any_sound:
            return []
        found = [name for name in self._likely() if _fits(self._bytes, name)]
        return [self._suggestion(name) for name in found[:2]]

    def _likely(self) -> list[str]:
        names = likely(bytes(self._bytes))
        return [USUAL] if USUAL in names or not names else [names[0], USUAL]

    def _suggestion(self, name: str) -> Suggestion:
        codec = codec_of(name)
        samples = [Sample(row, shown(text), shown(self._bytes_of(text).decode(codec))) for row, text in self._samples]
        text = ngettext(
            "Row %(rows)s is not valid %(encoding)s, as the rest of the file is, but %(other)s.",
            "%(number)s rows (%(rows)s) are not valid %(encoding)s, as the rest of the file is, but %(other)s.",
            self._count,
        )
        sentence = self._said(text, encoding=self._encoding.name, other=ENCODINGS[name])
        button = _("Read these rows as %(encoding)s") % {"encoding": name}
        return Suggestion("fallback_encoding", name, sentence, button, samples)

    def _said(self, text: str, **names: object) -> str:
        """Return a text with these rows filled in."""
        rows = listed([grouped(row) for row in self._rows], more=self._count - len(self._rows))
        return numbered(text, self._count, rows=rows, **names)

    @cached_property
    def _both(self) -> Encoding:
        """The names of both encodings; for messages, not for decoding."""
        names = {"encoding": self._encoding.name, "other": self._fallback}
        return self._encoding._replace(name=_("%(encoding)s or %(other)s") % names)

    def _note(self, number: int) -> None:
        self._count += 1
        if len(self._rows) < NAMED_ROWS:
            self._rows.append(number)

    def _collect(self, number: int, values: Sequence[str]) -> None:
        self._note(number)
        text = next(value for value in values if ESCAPED_BYTES.search(value))
        if len(self._samples) < MOST_SAMPLES:
            self._samples.append((number, text))
        if len(self._bytes) < SAMPLE:
            self._bytes += b"\n".join(map(self._bytes_of, values)) + b"\n"

    def _bytes_of(self, text: str) -> bytes:
        """Return the bytes that a text was decoded from."""
        codec = self._encoding.codec.removesuffix("-sig")  # which would write a byte order mark
        return text.encode(codec, "surrogateescape")


def shown(text: str) -> str:
    """Return a part of a text around its first non-ASCII character, with undecoded bytes as ``\\xE9``."""
    at = next((place for place, character in enumerate(text) if not character.isascii()), 0)
    start = max(0, at - BEFORE)
    part = text[start : start + SHOWN]
    spelled = ESCAPED_BYTES.sub(lambda byte: f"\\x{ord(byte[0]) - 0xDC00:02X}", part)
    return f"{'…' if start else ''}{spelled}{'…' if start + SHOWN < len(text) else ''}"


def _fits(content: bytearray, name: str) -> bool:
    try:
        content.decode(codec_of(name))
    except UnicodeDecodeError:
        return False
    return True
