"""A linter for template texts that are not marked for translation, and the system check that runs it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

from django.apps import apps
from django.core.checks import CheckMessage, Error, Tags, register
from django.template.base import Lexer, Token, TokenType

WORD = re.compile(r"[^\W\d_]{2,}")
READ = frozenset(
    {"title", "alt", "placeholder", "aria-label", "aria-description", "aria-roledescription", "label"}
    | {"data-name"}  # shown by a style sheet (the name of a cell on narrow screens)
)
NOT_READ = frozenset({"script", "style", "code", "kbd", "samp", "svg"})  # literal content that is not translated
WITHOUT_END = frozenset({"br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
MARKED = frozenset({"blocktranslate", "blocktrans", "comment", "verbatim"})
# Words in arguments: {{ name|default:"nobody" }}, {{ many|pluralize }}, {% include "…" with title="Sign in" %}
IN_FILTERS = re.compile(r"""\|(?:default|default_if_none|yesno):(["'])(?P<words>.*?)\1|\|(?P<plural>pluralize)""")
IN_ARGUMENTS = re.compile(r"""\w=(["'])(?P<words>[A-Z][^"']*|[^"']+ [^"']*)\1""")
# Blocks whose content is part of a tag; the content of others may be a whole attribute.
NO_TEXT = re.compile(r"block (?:bodyclass|coltype)\b")
ATTRIBUTE = re.compile(r"""(?<!\S)(?P<name>[\w-]+)="(?P<value>[^"]*)\"""")
PRODUCT = "Threadward"  # a name; no markup within a <title> could mark it as not to be translated
PLACE = "\ufffc"  # placeholder for a tag or a variable, which is not a word
ARGUMENT = re.compile("\ufff9([0-9]+)\ufffb")  # placeholder for words in an argument of a tag or variable, by number


class Unmarked(NamedTuple):
    """A text that is not marked, and the line (from 1) on which it starts."""

    line: int
    text: str


class _Texts(HTMLParser):
    """Collects the texts that people read from a page whose template tags were replaced by placeholders."""

    def __init__(self, arguments: list[Unmarked]) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Unmarked] = []
        self._arguments = arguments
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        tag = tag.strip(PLACE)  # the placeholder of a template tag right after the name
        given = {name.strip(PLACE): value or "" for name, value in attrs}
        if tag not in WITHOUT_END:
            self._open.append((tag, tag in NOT_READ or given.get("translate") == "no"))
        is_button = tag == "input" and given.get("type") in {"submit", "button", "reset"}
        for name, value in given.items():
            self._note_attribute(name, value, 0, is_read=name == "value" and is_button)

    def handle_endtag(self, tag: str) -> None:
        for place in range(len(self._open) - 1, -1, -1):
            if self._open[place][0] == tag:
                del self._open[place:]
                break

    def handle_data(self, data: str) -> None:
        if not any(hidden for _, hidden in self._open):
            for line, text in enumerate(data.split("\n")):
                for attribute in ATTRIBUTE.finditer(text):
                    self._note_attribute(attribute["name"], attribute["value"], line)
                text = ATTRIBUTE.sub("", text)
                self._note(text, text, line)

    def _note_attribute(self, name: str, value: str, line: int, *, is_read: bool = False) -> None:
        if is_read or name in READ or name.startswith("data-say"):
            self._note(f'{name}="{value}"', value, line)

    def _note(self, shown: str, text: str, line: int) -> None:
        self.found += [self._arguments[int(number)] for number in ARGUMENT.findall(text)]
        if WORD.search(text.replace(PRODUCT, "")):
            shown = ARGUMENT.sub("", shown).replace(PLACE, "…").strip()
            self.found.append(Unmarked(self.getpos()[0] + line, shown))


def unmarked(source: str) -> list[Unmarked]:
    """Return the texts of a template's ``source`` that people read and that are not marked for translation."""
    arguments: list[Unmarked] = []
    within = ""  # the tag whose content is skipped, because it is marked as a whole or part of an HTML tag
    parts = []
    for token in Lexer(source).tokenize():
        if token.token_type == TokenType.TEXT:
            parts.append(re.sub(r"[^\n]", PLACE, token.contents) if within else token.contents)
            continue
        name = token.contents.partition(" ")[0]
        if within:
            within = "" if name == f"end{within}" else within
        elif token.token_type == TokenType.BLOCK and (name in MARKED or NO_TEXT.match(token.contents)):
            within = name
        elif token.token_type != TokenType.COMMENT:
            for one in _in_arguments(token):
                parts.append(f"\ufff9{len(arguments)}\ufffb")
                arguments.append(one)
        parts.append(PLACE)
    parser = _Texts(arguments)
    parser.feed("".join(parts))
    parser.close()
    return sorted(parser.found)


def _in_arguments(token: Token) -> Iterator[Unmarked]:
    patterns = [IN_FILTERS]
    if token.contents.startswith("include "):
        patterns.append(IN_ARGUMENTS)
    for pattern in patterns:
        for match in pattern.finditer(token.contents):
            if match.groupdict().get("plural") or WORD.search(match["words"]):
                yield Unmarked(token.lineno or 0, match[0])


def templates() -> Iterator[Path]:
    """Yield the templates of this project's own apps: pages, parts of pages and texts of e-mails."""
    house = Path(__file__).resolve().parents[2]
    for app in apps.get_app_configs():
        folder = Path(app.path).resolve()
        if house in folder.parents and "site-packages" not in folder.parts:
            yield from sorted(path for path in (folder / "templates").rglob("*.*") if path.suffix in {".html", ".txt"})


@register(Tags.templates)
def texts_are_marked(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report each template text that is not marked for translation.

    Reading all templates takes 70 ms, nearly as long as all other checks, so MessagingConfig registers this check only
    for ``manage.py check``, not for every command and every start of a worker.
    """
    return [
        Error(
            f"{path}, line {one.line}: “{one.text}” is not marked for translation.",
            hint="Write {% translate %} or {% blocktranslate %}; docs/translating.md says how, and what needs none.",
            id="messaging.E101",
        )
        for path in templates()
        for one in unmarked(path.read_text(encoding="utf-8"))
    ]
