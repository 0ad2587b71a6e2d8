"""A simulated person who clicks through pages: finds links and buttons by their text, and sends forms as filled in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

Attributes = dict[str, str | None]
NOT_SENT = {"submit", "button", "reset", "file", "image"}


@dataclass
class Form:
    """A form: its address, the values of its fields, and the values that each button sends, by the button's text."""

    action: str
    files: list[str] = field(default_factory=list)
    values: dict[str, list[str]] = field(default_factory=dict)
    buttons: dict[str, dict[str, str]] = field(default_factory=dict)

    def hold(self, attributes: Attributes) -> None:
        """Add the value of a field; one without a name is not sent."""
        if name := attributes.get("name"):
            self.values.setdefault(name, []).append(attributes.get("value") or "")


class Page(HTMLParser):
    """The links and forms of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: dict[str, str] = {}
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._select: Attributes | None = None
        self._first_option: Attributes | None = None
        self._words: list[str] | None = None
        self._then: Callable[[str], None] | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "form":
            self._form = Form(attributes.get("action") or "")
            self.forms.append(self._form)
        elif tag == "a":
            self._read(lambda words: self.links.setdefault(words, attributes.get("href") or ""))
        elif self._form is not None:
            self._field(self._form, tag, attributes)

    def _field(self, form: Form, tag: str, attributes: Attributes) -> None:
        kind = attributes.get("type") or "text"
        if tag == "button":
            sent = {attributes["name"] or "": attributes.get("value") or ""} if "name" in attributes else {}
            self._read(lambda words: form.buttons.setdefault(words, sent))
        elif tag == "select":
            self._select, self._first_option = attributes, None
        elif tag == "option" and self._select is not None:
            option = {"name": self._select.get("name"), "value": attributes.get("value")}
            self._first_option = self._first_option or option
            if "selected" in attributes:
                self._select = None
                form.hold(option)
        elif tag == "input" and kind == "file":
            form.files.append(attributes.get("name") or "")
        elif tag == "input" and kind not in NOT_SENT and (kind not in ("checkbox", "radio") or "checked" in attributes):
            form.hold({"value": "on", **attributes} if kind == "checkbox" else attributes)

    def _read(self, then: Callable[[str], Any]) -> None:
        self._words, self._then = [], then

    def handle_data(self, data: str) -> None:
        if self._words is not None:
            self._words.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select" and self._form is not None:
            if self._select is not None and self._first_option is not None:
                self._form.hold(self._first_option)
            self._select = None
        elif tag in ("a", "button") and self._words is not None and self._then is not None:
            self._then(" ".join("".join(self._words).split()))
            self._words = self._then = None


class Person:
    """Somebody at a browser; ``clicks`` has the texts of the links and buttons clicked so far."""

    def __init__(self, client: Client, address: str) -> None:
        self._client = client
        self.clicks: list[str] = []
        self._shown = client.get(address)

    @property
    def page(self) -> Page:
        """The page that is shown."""
        return Page(self._shown.content.decode())

    @property
    def response(self) -> Any:
        """The response of the page that is shown."""
        return self._shown

    def follow(self, words: str) -> None:
        """Click on a link."""
        self._clicked(words, self._client.get(self.page.links[words], follow=True))

    def press(self, words: str, *, file: SimpleUploadedFile | None = None) -> None:
        """Click on a button of a form, after choosing ``file`` if it is given."""
        (form,) = [form for form in self.page.forms if words in form.buttons]
        sent: dict[str, Any] = {**form.values, **form.buttons[words]}
        if file is not None:
            sent[form.files[0]] = file
        address = form.action or self._shown.request["PATH_INFO"]
        self._clicked(words, self._client.post(address, sent, follow=True))

    def _clicked(self, words: str, response: Any) -> None:
        assert response.status_code == 200, (words, response.status_code)
        self.clicks.append(words)
        self._shown = response
