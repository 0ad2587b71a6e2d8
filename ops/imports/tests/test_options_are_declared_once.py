"""Each choice about a file is declared once; the console and the command offer it under the same name."""

from __future__ import annotations

import argparse
import re
import shlex
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.files.sources import Reading
from ops.imports import options
from ops.imports.models import Import
from ops.imports.options import BY_NAME, DEFAULTS, OPTIONS, Choices, Kind, Option
from ops.imports.pages.forms import ChecksForm
from ops.imports.pages.option_fields import WordsField, field_of

# Options with their own part of the page, and the address that its form is sent to.
OWN_PARTS = {"columns": "admin:imports_import_columns", "people": "admin:imports_import_people"}

WORDS = st.lists(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1), min_size=1)
TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))


def parsed(*arguments: str) -> tuple[Reading, Choices]:
    """Return what a command with these arguments chooses."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    options.add_arguments(parser)
    return options.chosen(vars(parser.parse_args(arguments)))


def values_of(option: Option) -> list[Any]:
    """Return some possible values of an option."""
    if option.kind is Kind.FLAG:
        return [True]
    if option.kind is Kind.ONE:
        return [value for value in option.choices if value]
    if option.kind is Kind.NUMBER:
        return [1, 12]
    if option.kind is Kind.WORDS:
        return [["ja"], ["ja", "n/a; none", "x y"], ["-", "-1"]]
    if option.kind is Kind.PAIRS:
        return [{"a b": "c=d"}, {"e=f": "", "\\g\\": "h"}]
    return ["Europe/Berlin"]


def test_every_field_is_an_option_and_every_option_is_a_field() -> None:
    names = [one.name for kind in (Reading, Choices) for one in fields(kind)]
    assert sorted(names) == sorted(BY_NAME) and len(OPTIONS) == len(BY_NAME)


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_the_console_asks_for_every_option(option: Option) -> None:
    form = ChecksForm(Import(reading=Reading().as_json(), choices=Choices().as_json()))
    if option.own_part:
        assert option.name in OWN_PARTS and option.name not in form.fields
        return
    assert form.fields[option.name].label == option.label
    value = form[option.name].value()
    assert value == DEFAULTS[option.name] or value in (None, "")


@pytest.mark.parametrize(
    ("option", "value"),
    [(option, value) for option in OPTIONS for value in values_of(option)],
    ids=lambda one: getattr(one, "name", None),
)
def test_the_command_takes_every_option_as_it_is_suggested(option: Option, value: Any) -> None:
    argument = options.as_argument({"option": option.name, "value": value})
    assert argument.startswith(f"{option.argument}")
    reading, choices = parsed(*shlex.split(argument))
    assert {**DEFAULTS, option.name: value} == {**reading.as_json(), **choices.as_json()}


@pytest.mark.parametrize(
    "option", [option for option in OPTIONS if not option.own_part], ids=lambda option: option.name
)
def test_a_form_that_is_sent_as_it_is_changes_nothing(option: Option) -> None:
    for value in [DEFAULTS[option.name], *values_of(option)]:
        reading, choices = options.with_values({option.name: value}, Reading(), Choices(people={"a": "b"}))
        import_ = Import(reading=reading.as_json(), choices=choices.as_json())
        form = ChecksForm(import_, dict(ChecksForm(import_).same()))
        assert form.is_valid(), form.errors
        assert form.options_chosen() == (reading, choices)


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(KeyError):
        options.with_values({"password": "x"}, Reading(), Choices())


def test_pairs_that_are_taken_are_added_to_those_chosen() -> None:
    first = {"option": "people", "value": {"Peter": "peter"}}
    second = {"option": "people", "value": {"PETER": "peter"}}
    _, choices = options.take(second, *options.take(first, Reading(), Choices()))
    assert choices.people == {"Peter": "peter", "PETER": "peter"}


@pytest.mark.parametrize("typed", ["Peter", "", "\\=x"])
def test_a_pair_without_a_sign_is_a_sentence(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed("--person", typed)
    assert f"“{typed}” has no =" in capsys.readouterr().err


@given(st.dictionaries(TEXTS, TEXTS, min_size=1))
def test_any_name_and_any_username_survive_the_command_line(people: dict[str, str]) -> None:
    argument = options.as_argument({"option": "people", "value": people})
    assert parsed(*shlex.split(argument))[1].people == people


@given(WORDS)
def test_any_words_survive_the_form(words: list[str]) -> None:
    field = field_of(Option("words", Kind.WORDS, "Words", "words"))
    assert isinstance(field, WordsField)
    wanted = [word.strip() for word in words if word.strip()]
    assert field.clean(field.prepare_value(words)) == wanted


def test_the_screens_name_options_as_the_command_does() -> None:
    for option in OPTIONS:
        assert re.fullmatch(r"--[a-z]+(-[a-z]+)*", option.argument)
