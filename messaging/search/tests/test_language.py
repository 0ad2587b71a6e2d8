"""A typed search is read as people mean it, or answered by a sentence that explains the mistake and its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from messaging.search.language import (
    DEEPEST,
    LONGEST,
    MOST_PARTS,
    Either,
    Every,
    Mistake,
    Named,
    Value,
    Without,
    parse,
    within,
)
from messaging.search.normalising import words
from messaging.search.terms import All, Disguised, Not, OneOf, Words

NAMES = {"from", "is", "length"}
NAUGHTY = Path(settings.BASE_DIR).parent / "shared/data/naughty-strings/blns.json"
A, B, C = Words("a"), Words("b"), Words("c")


def named(name: str, *values: str) -> Any:
    """Return a filter without its place."""
    return name, values


def placeless(part: Any) -> Any:
    """Return a part with its filters in the form of ``named``."""
    if isinstance(part, Named):
        return named(part.name, *(value.text for value in part.values))
    if isinstance(part, Every | Either):
        return type(part)(tuple(placeless(one) for one in part.parts))
    return Without(placeless(part.part)) if isinstance(part, Without) else part


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", None),
        ("  \x00 ", None),
        ("a", A),
        ("a b", All((A, B))),
        ("a AND b", All((A, B))),
        ('"good morning" a', All((Words("good morning"), A))),
        ("“good morning” „guten Tag“ «bonjour»", All((Words("good morning"), Words("guten Tag"), Words("bonjour")))),
        ("-a", Not(A)),
        ('a -"b c"', All((A, Not(Words("b c"))))),
        ("a OR b c", OneOf((A, All((B, C))))),
        ("(a OR b) c", All((OneOf((A, B)), C))),
        ("-(a OR b)", Not(OneOf((A, B)))),
        ("a or b", All((A, Words("or"), B))),
        ("a not b", All((A, Words("not"), B))),
        ("a NOT", All((A, Words("NOT")))),
        ("(a NOT) OR b", OneOf((All((A, Words("NOT"))), B))),
        ('a "NOT" b', All((A, Words("NOT"), B))),
        ("light*", Words("light", prefix=True)),
        ('"the light"*', Words("the light", prefix=True)),
        ("~idiot", Disguised("idiot")),
        ('~"i d"', Disguised("i d")),
        ("-~idiot", Not(Disguised("idiot"))),
        ("from:alice", named("from", "alice")),
        ("FROM:alice", named("from", "alice")),
        ('from:"Jo Doe",bob', named("from", "Jo Doe", "bob")),
        ("a from:alice b", Every((All((A, B)), named("from", "alice")))),
        ("from:alice OR a OR b", Either((OneOf((A, B)), named("from", "alice")))),
        ("-is:unread", Without(named("is", "unread"))),
        ("-(from:alice a)", Without(Every((A, named("from", "alice"))))),
        ("length:>500", named("length", ">500")),
    ],
)
def test_a_search_is_parsed_as_intended(text: str, meant: Any) -> None:
    assert placeless(parse(text, NAMES)) == meant


@pytest.mark.parametrize(
    "text",
    ["12:30", "https://example.org/a?b=c", "http://[::1]:80", "Größe:5", '5"', "a-b", "--force", "foo(bar)", "note:",
     "don't", "x=1", "[x]", "NEAR", "NOT", "or", "^a", "co2", "+49", "c++", "#a", "🙂", "港", "->x"],
)  # fmt: skip
def test_pasted_text_is_read_as_words(text: str) -> None:
    assert parse(text, NAMES) == Words(text)


@pytest.mark.parametrize("sign", ["&", "-", ":-)", "->", "~", "*", "***", "...", '"&"', "-&", "~…", "|"])
def test_signs_that_are_not_indexed_are_ignored(sign: str) -> None:
    assert parse(f"a {sign} b", NAMES) == All((A, B))
    assert parse(f"a {sign}", NAMES) == A
    with pytest.raises(Mistake, match=r"^Only letters, digits, and signs such as emoji can be found"):
        parse(sign, NAMES)


@pytest.mark.parametrize("text", ["note:this", "a:b"])
def test_an_unknown_filter_is_a_mistake_that_suggests_quotes(text: str) -> None:
    with pytest.raises(Mistake, match=f'put it in quotes: "{text}"'):
        parse(text, NAMES)
    assert parse(f'"{text}"', NAMES) == Words(text)


@pytest.mark.parametrize(
    ("text", "place", "sentence"),
    [
        ("a colour:red", "colour:", 'There is no filter “colour:”. To search for it as text, put it in quotes: '
         '"colour:red". The filters are from:, is:, length:.'),
        ("a from: alice", "from:", "Write what to look for right after “from:”"),
        ("from:alice,,bob", ",", "Nothing stands beside this comma"),
        ('a "b c', '"b c', "This quotation mark is not closed"),
        ('a ""', '""', "Nothing stands between these quotation marks."),
        ("a (b", "(", "This parenthesis is not closed"),
        ("a ()", "()", "Nothing stands between these parentheses."),
        ("a OR", "OR", "on both sides of OR"),
        ("OR a", "OR", "on both sides of OR"),
        ("(a OR) b", "OR", "on both sides of OR"),
        ("a AND OR b", "AND", "on both sides of AND"),
        ("a AND", "AND", "on both sides of AND"),
        ("a NOT b", "NOT", "write “-” right before it instead of NOT. To search for it as text, put it in quotes"),
        ("NOT from:alice", "NOT", "instead of NOT"),
        ("a (NOT b)", "NOT", "instead of NOT"),
    ],
)  # fmt: skip
def test_a_mistake_is_a_sentence_with_its_place(text: str, place: str, sentence: str) -> None:
    with pytest.raises(Mistake) as caught:
        parse(text, NAMES)
    assert text[caught.value.start : caught.value.end] == place
    assert sentence in str(caught.value)


@pytest.mark.parametrize("text", ["a" * (LONGEST + 1), "a " * (MOST_PARTS + 1), "(" * (DEEPEST + 1) + "a" + ")" * 20])
def test_an_expensive_search_is_refused(text: str) -> None:
    with pytest.raises(Mistake, match="t most"):
        parse(text, NAMES)


def test_a_search_at_the_limits_is_parsed() -> None:
    assert parse("a" * LONGEST, NAMES)
    assert parse("a " * MOST_PARTS, NAMES)
    assert parse("(" * DEEPEST + "a" + ")" * DEEPEST, NAMES) == A


def test_filters_and_values_have_their_positions() -> None:
    read: Any = parse('a from:"Jo Doe",x', NAMES)
    found = read.parts[1]
    assert (found.start, found.end) == (2, 17)
    assert [(one.text, one.start, one.end) for one in found.values] == [("Jo Doe", 7, 15), ("x", 16, 17)]


@pytest.mark.parametrize(
    ("text", "narrowed"),
    [
        ("a", "a on:2025-03"),
        ("a b ", "a b on:2025-03"),
        ("a OR b", "(a OR b) on:2025-03"),
        ("a OR from:b", "(a OR from:b) on:2025-03"),
        ("a on:2025", "a on:2025-03"),
        ("on:2025", "on:2025-03"),
        ("on:2025 a", "on:2025 a on:2025-03"),
        ("a on:2024,2025", "a on:2024,2025 on:2025-03"),
        ("a -on:2024", "a -on:2024 on:2025-03"),
        (":) a", ":) a on:2025-03"),
        ("a) OR b", ""),  # “(a) OR b)” would be another search
        ("a OR b)", ""),
        ("a OR (b :-)) c", ""),
        (f"{'(' * DEEPEST}a OR b{')' * DEEPEST}", ""),
        ("a " * MOST_PARTS, ""),
        (f"a {'b' * (LONGEST - 12)}", ""),
    ],
)
def test_a_search_is_narrowed_to_a_period(text: str, narrowed: str) -> None:
    tree = parse(text, NAMES | {"on"})
    assert tree is not None
    assert within(text, tree, "2025-03") == narrowed


SOME = ["a", "b", " ", "OR", "-", "(", ")", ":)", '"', "*", "from:x", "on:2025", "on:2024,2025"]
SIGNS = st.lists(st.sampled_from(SOME), max_size=12)


@given(SIGNS.map("".join) | SIGNS.map(" ".join))
def test_a_narrowed_search_keeps_all_parts_of_the_search(text: str) -> None:
    names = NAMES | {"on"}
    try:
        tree: Any = parse(text, names)
    except Mistake:
        return
    narrowed = within(text, tree, "2025-03") if tree is not None else ""
    if not narrowed:
        return
    found: Any = parse(narrowed, names)
    asked = list(tree.parts if isinstance(tree, Every) else (tree,))
    *left, last = found.parts if isinstance(found, Every) else (found,)
    assert last == Named("on", (Value("2025-03", 0, 0),), 0, 0)
    if left != asked:  # a final period is replaced by the narrower one
        assert [*left, Named("on", asked[-1].values, 0, 0)] == asked


def is_read_or_answered(text: str) -> None:
    try:
        parse(text, NAMES)
    except Mistake as mistake:
        assert str(mistake).endswith(".") and "\n" not in str(mistake).replace(text, "")
        assert 0 <= mistake.start < mistake.end <= len(text)


@given(st.text())
def test_any_text_is_read_or_answered(text: str) -> None:
    is_read_or_answered(text)


@given(st.lists(st.sampled_from(["a", "OR", "AND", "-", "(", ")", '"', "~", "*", "from:", "is:unread", ",", " ", "“"])))
def test_any_sequence_of_signs_is_read_or_answered(signs: list[str]) -> None:
    is_read_or_answered("".join(signs))


def test_the_naughty_strings_are_read_or_answered() -> None:
    if not NAUGHTY.exists():
        pytest.skip(f"The strings are not there ({NAUGHTY}).")
    strings = json.loads(NAUGHTY.read_text(encoding="utf-8"))
    assert len(strings) > 500
    for text in strings:
        is_read_or_answered(text)
        if len(text) <= LONGEST - 2 and words(text) and '"' not in text:
            assert parse(f'"{text}"', NAMES) == Words(text.replace("\x00", " ").strip())
