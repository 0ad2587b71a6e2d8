"""Filling in a form of a rendered page with the values that were sent from it before.

Only the values of fields in the HTML are set, as a browser would show them. So every form can be filled in, including
those of Django's admin and of other apps, without code in any view.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import accumulate
from urllib.parse import urljoin, urlsplit

from django.utils.html import escape

from ops.accounts.kept.storing import Fields

Attributes = Mapping[str, str | None]
NOT_FILLED = {"submit", "button", "image", "reset", "file", "password"}


@dataclass
class Element:
    """A start tag of the page, with the offset at which its content ends (``content_end``)."""

    tag: str
    attributes: Attributes
    start: int
    end: int
    content_end: int = 0
    text: str = ""
    options: list[Element] = field(default_factory=list)


@dataclass
class Form:
    """A form of the page with its fields, and the closed <details> elements around it."""

    element: Element
    inputs: list[Element] = field(default_factory=list)
    folded: list[Element] = field(default_factory=list)


class Forms(HTMLParser):
    """Finds the POST forms of a page, with the offsets of their fields."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._lines = [0, *accumulate(len(line) + 1 for line in page.split("\n"))]
        self._form: Form | None = None
        self._open: Element | None = None  # a textarea or an option whose end tag has not been read
        self._select: Element | None = None
        self._details: list[Element] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        start = self._place()
        element = Element(tag, dict(attrs), start, start + len(self.get_starttag_text() or ""))
        if tag == "details":
            self._details.append(element)
        elif tag == "form":
            self._form = Form(element, folded=[one for one in self._details if "open" not in one.attributes])
            if (element.attributes.get("method") or "").lower() == "post":
                self.forms.append(self._form)
        elif tag in ("input", "textarea", "select"):
            self._add(element)
            self._open = element if tag == "textarea" else None
            self._select = element if tag == "select" else None
        elif tag == "option" and self._select is not None:
            self._select.options.append(element)
            self._open = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_data(self, data: str) -> None:
        if self._open is not None:
            self._open.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "details" and self._details:
            self._details.pop()
        elif self._open is not None and tag in (self._open.tag, "select"):
            self._open.content_end = self._place()
            self._open = None
        if tag == "select":
            self._select = None

    def _add(self, element: Element) -> None:
        owner = element.attributes.get("form")
        form = next((one for one in self.forms if one.element.attributes.get("id") == owner), None)
        form = form if owner else self._form
        if form is not None and element.attributes.get("name"):
            form.inputs.append(element)

    def _place(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column


def fill(html: str, *, page: str, address: str, fields: Fields, note: str) -> str | None:
    """Return ``html``, the page at ``page``, with ``note`` and ``fields`` in its form that posts to ``address``.

    None if there is no such form. Of several forms, fills in the one with most of these fields.
    """
    best = max(_fitting(Forms(html).forms, page, address), key=lambda form: _known(form, fields), default=None)
    if best is None or not _known(best, fields):
        return None
    changes = [(best.element.end, best.element.end, note)]
    changes += [(one.start, one.end, _tag(one, {"open": None})) for one in best.folded]
    rest = {name: list(values) for name, values in fields.items()}
    changes += [change for one in best.inputs for change in _changes(one, rest)]
    for start, end, new in sorted(changes, reverse=True):
        html = html[:start] + new + html[end:]
    return html


def _fitting(forms: Iterable[Form], page: str, address: str) -> list[Form]:
    """Return the forms that post to exactly this address, or else those that post to its path."""
    sent = [(form, urljoin(page, form.element.attributes.get("action") or "")) for form in forms]
    exactly = [form for form, to in sent if to == address]
    return exactly or [form for form, to in sent if urlsplit(to).path == urlsplit(address).path]


def _known(form: Form, fields: Fields) -> int:
    return len({one.attributes["name"] for one in form.inputs} & fields.keys())


def _changes(element: Element, rest: Fields) -> Iterator[tuple[int, int, str]]:
    """Yield the replacements in the page for one field as (start, end, HTML). Takes its values from ``rest``."""
    name = element.attributes["name"] or ""
    kind = (element.attributes.get("type") or "text").lower() if element.tag == "input" else element.tag
    if kind in NOT_FILLED or name == "csrfmiddlewaretoken":
        return
    values = rest.get(name, [])
    if kind in ("checkbox", "radio"):
        # Browsers do not send unticked boxes, so a missing value means unticked.
        yield element.start, element.end, _set(element, "checked", (element.attributes.get("value") or "on") in values)
    elif kind == "select":
        for option in element.options:
            value = option.attributes.get("value")
            chosen = (option.text.strip() if value is None else value) in values
            yield option.start, option.end, _set(option, "selected", chosen)
    elif values:
        value = values.pop(0)
        if kind == "textarea":
            # Browsers ignore the first line break after the tag, so one is added.
            yield element.end, element.content_end, "\n" + escape(value)
        else:
            yield element.start, element.end, _tag(element, {"value": value})


def _set(element: Element, attribute: str, is_set: bool) -> str:
    return _tag(element, {attribute: None} if is_set else {}, without=attribute)


def _tag(element: Element, changed: Attributes, without: str = "") -> str:
    """Return the start tag with changed attributes; an attribute with the value None is written as its name alone."""
    attributes = {name: value for name, value in element.attributes.items() if name != without} | dict(changed)
    words = [name if value is None else f'{name}="{escape(value)}"' for name, value in attributes.items()]
    return f"<{' '.join([element.tag, *words])}>"
