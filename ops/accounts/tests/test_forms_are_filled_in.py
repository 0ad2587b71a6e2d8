"""A form on any page is filled in with the values that were sent from it, as a browser would show them."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.accounts.kept.filling import fill

PAGE = "/page/?part=2"


def filled(
    inside: str, fields: dict[str, list[str]], *, form: str = '<form method="post">', address: str = PAGE
) -> Any:
    return fill(f"<p>é</p>\n{form}{inside}</form><p>after</p>", page=PAGE, address=address, fields=fields, note="NOTE")


@pytest.mark.parametrize(
    ("inside", "sent", "shown"),
    [
        ('<input name="a" value="old" required>', ["new"], '<input name="a" value="new" required>'),
        ('<input name=a>', ['"><script>'], '<input name="a" value="&quot;&gt;&lt;script&gt;">'),
        ("<textarea name=a>\nold</textarea>", ["\nx</textarea>"], "<textarea name=a>\n\nx&lt;/textarea&gt;</textarea>"),
        ("<textarea name=a></textarea>", ["a & b"], "<textarea name=a>\na &amp; b</textarea>"),
        ('<input type="hidden" name="a" value="3">', ["2"], '<input type="hidden" name="a" value="2">'),
        ('<input type="checkbox" name="a">', ["on"], '<input type="checkbox" name="a" checked>'),
        ('<input type="checkbox" name="a" checked>', [], '<input type="checkbox" name="a">'),
        ('<input type="radio" name="a" value="1" checked>', ["2"], '<input type="radio" name="a" value="1">'),
        ("<select name=a><option selected>x<option>y</select>", ["y"],
         "<select name=a><option>x<option selected>y</select>"),
        (
            '<select name=a multiple><option value="1">x</option><option value="2" selected>y</option></select>',
            ["1"],
            '<select name=a multiple><option value="1" selected>x</option><option value="2">y</option></select>',
        ),
    ],
)  # fmt: skip
def test_each_kind_of_field_is_filled_in(inside: str, sent: list[str], shown: str) -> None:
    other = '<input name="other" value="">'
    assert filled(inside + other, {"a": sent, "other": [""]}) == (
        f'<p>é</p>\n<form method="post">NOTE{shown}<input name="other" value=""></form><p>after</p>'
    )


@pytest.mark.parametrize("kind", ["password", "file", "submit", "button", "image", "reset"])
def test_passwords_files_and_buttons_are_never_filled_in(kind: str) -> None:
    inside = f'<input type="{kind}" name="a" value="x"><input name="b">'
    assert f'<input type="{kind}" name="a" value="x">' in filled(inside, {"a": ["new"], "b": ["c"]})


def test_the_csrf_token_of_the_page_stays() -> None:
    inside = '<input type="hidden" name="csrfmiddlewaretoken" value="fresh"><input name="b">'
    assert 'value="fresh"' in filled(inside, {"csrfmiddlewaretoken": ["stale"], "b": ["c"]})


@pytest.mark.parametrize("form", ['<form method="get">', "<form>", '<form method="post" action="/elsewhere/">'])
def test_only_the_form_that_was_sent_is_filled(form: str) -> None:
    assert filled('<input name="a">', {"a": ["b"]}, form=form) is None


def test_a_form_with_other_fields_is_left_alone() -> None:
    assert filled('<input name="x">', {"a": ["b"]}) is None


def test_the_fields_choose_between_two_forms_to_one_address() -> None:
    first, second = '<input name="a">', '<input name="a"><textarea name="b"></textarea>'
    between = f'{first}</form><form method="post">{second}'
    assert filled(between, {"a": ["1"], "b": ["2"]}) == (
        '<p>é</p>\n<form method="post"><input name="a"></form><form method="post">NOTE<input name="a" value="1">'
        '<textarea name="b">\n2</textarea></form><p>after</p>'
    )


def test_details_are_opened_and_fields_outside_the_form_are_filled_in() -> None:
    html = (
        '<details class="x"><summary>Edit</summary><form method="post" id="f" action="/to/"></form></details>'
        '<textarea form="f" name="a"></textarea><textarea name="a"></textarea>'
    )
    shown = fill(html, page=PAGE, address="/to/", fields={"a": ["1"]}, note="")
    assert shown is not None
    assert shown.startswith('<details class="x" open>') and shown.count("\n1") == 1


@given(st.text(), st.text())
def test_any_typed_text_is_filled_in_exactly(typed: str, other: str) -> None:
    """Any text becomes the value of one field, and nothing else on the page changes."""
    typed, other = (text.replace("\x00", "").replace("\r", "") for text in (typed, other))
    html = filled('<textarea name="a">old</textarea><input name="b">', {"a": [typed], "b": [other]})
    reader = Reader()
    reader.feed(html)
    assert (reader.text, reader.value, reader.tags) == (
        "\n" + typed, other, ["p", "form", "textarea", "input", "p"],
    )  # fmt: skip


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text, self.value, self.within = "", "", False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.within = tag == "textarea"
        if tag == "input":
            self.value = dict(attrs).get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        self.within = False

    def handle_data(self, data: str) -> None:
        self.text += data if self.within else ""
