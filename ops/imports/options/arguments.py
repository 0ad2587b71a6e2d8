"""The options as arguments of the command import_messages."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Mapping
from functools import partial
from typing import Any

from ops.files.sources import Reading
from ops.imports.options.choices import DEFAULTS, Choices, options_of, with_values
from ops.imports.options.declared import BY_NAME, OPTIONS, Kind, Option

LONGEST_NUMBER = 10  # digits
ESCAPED = re.compile(r"\\([=\\])")
# Everything up to the first = that is not escaped by a backslash.
PAIR = re.compile(r"((?:[^=\\]|\\.)*)=(.*)", re.DOTALL)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add one argument for each option."""
    for option in OPTIONS:
        parser.add_argument(option.argument, dest=option.name, help=str(option.help), **_settings(option))


def chosen(parsed: Mapping[str, Any]) -> tuple[Reading, Choices]:
    """Return the options that a command was called with; ``parsed`` may hold other arguments."""
    values = {name: parsed[name] for name in BY_NAME if parsed.get(name) is not None}
    for name in values:
        if BY_NAME[name].kind is Kind.PAIRS:
            values[name] = dict(values[name])
    return with_values(values, Reading(), Choices())


def as_argument(suggestion: Mapping[str, Any]) -> str:
    """Return the argument of import_messages that takes a suggestion: "--dates day-first"."""
    return " ".join(_argument(*option) for option in options_of(suggestion).items())


def _argument(name: str, value: Any) -> str:
    option = BY_NAME.get(name)
    flag = option.argument if option is not None else f"--{name.replace('_', '-')}"
    if value is True:
        return flag
    if isinstance(value, Mapping):
        return " ".join(_given(flag, _pair(name, one)) for name, one in value.items())
    if isinstance(value, (list, tuple)) and not any(str(one).startswith("-") for one in value):
        return " ".join([flag, *(shlex.quote(str(one)) for one in value)])
    words = value if isinstance(value, (list, tuple)) else [value]
    return " ".join(_given(flag, str(one)) for one in words)


def _given(flag: str, word: str) -> str:
    """Return an argument with one word, written so that the word is not taken for another argument."""
    return f"{flag}={shlex.quote(word)}" if word.startswith("-") else f"{flag} {shlex.quote(word)}"


def _settings(option: Option) -> dict[str, Any]:
    """Return the keyword arguments of ``add_argument`` for an option."""
    default = DEFAULTS[option.name]
    metavar = {"metavar": option.metavar} if option.metavar else {}
    if option.kind is Kind.FLAG:
        return {"action": "store_true"}
    if option.kind is Kind.ONE:
        return {"choices": [value for value in option.choices if value], "default": default, **metavar}
    if option.kind is Kind.NUMBER:
        return {"type": partial(_number, least=option.least), "default": default, **metavar}
    if option.kind is Kind.WORDS:
        return {"nargs": "+", "action": "extend", **metavar}
    if option.kind is Kind.PAIRS:
        return {"type": _name_and_value, "action": "append", **metavar}
    return {"default": default, **metavar}


def _number(text: str, *, least: int) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < LONGEST_NUMBER else -1
    if number < least:
        raise argparse.ArgumentTypeError(f"“{text}” is no whole number from {least} on.")
    return number


def _name_and_value(text: str) -> tuple[str, str]:
    r"""Split a text at the first =; a name that holds one writes it \=."""
    found = PAIR.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"“{text}” has no =: write what it is in the file, =, and what it stands for.")
    return ESCAPED.sub(r"\1", found[1]), ESCAPED.sub(r"\1", found[2])


def _pair(name: str, value: str) -> str:
    return "=".join(re.sub(r"([=\\])", r"\\\1", side) for side in (name, value))
