"""Finds page texts that no gettext marks: under ``speaking(ACCENTED)``, they stand outside of ⟦ and ⟧."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from messaging.tests.pseudo import BEGIN, END

# Content that no translation changes: people's names, literal values, what users wrote, and keys.
LEFT = frozenset({"bdi", "code", "textarea", "kbd", "samp", "pre", "script", "style"})
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
READ = ("title", "aria-label", "placeholder", "alt", "content")
SAID = re.compile(r"data-say.*")  # read by scripts
COLOUR = re.compile(r"#[0-9A-Fa-f]{6}\b")
MARKED = re.compile(f"{BEGIN}[^{BEGIN}{END}]*{END}")  # without another pair within
LETTERS = re.compile(r"[^\W\d_]{2}")  # a single one is an initial


class _Texts(HTMLParser):
    """Collects the texts and attributes that people read, except those that no translation changes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        left = tag in LEFT or given.get("translate") == "no" or given.get("dir") == "auto"
        inside = bool(self.open) and self.open[-1][1]
        if not left and not inside and tag != "meta":
            is_button = tag == "input" and given.get("type") in ("submit", "button", "reset")
            read = {*READ, "value"} if is_button else READ
            self.found += [value or "" for name, value in given.items() if name in read or SAID.fullmatch(name)]
        if tag not in VOID:
            self.open.append((tag, left or inside))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not (self.open and self.open[-1][1]):
            self.found.append(data)


def remains(page: str, *known: str) -> str:
    """Return the words of an HTML page that no gettext marks, line by line, without the names and texts ``known``."""
    parser = _Texts()
    parser.feed(page)
    # A text may hold elements or another text: what stands between its brackets is marked, at any depth.
    rest, before = "\n".join(parser.found), ""
    while rest != before:
        rest, before = MARKED.sub(" ", rest), rest
    names = "|".join(re.escape(one) for one in sorted(known, key=len, reverse=True))
    rest = re.sub(rf"(?<!\w)(?:{names})(?!\w)", " ", COLOUR.sub(" ", rest)) if known else rest
    return "\n".join(line.strip() for line in rest.splitlines() if LETTERS.search(line))
