"""A form field for each option of an import."""

from __future__ import annotations

import csv
from typing import Any

from django import forms

from ops.imports.options import Kind, Option

FEW = 4  # choices that are shown as radio buttons


class WordsField(forms.CharField):
    """Several words, separated by commas; a word that contains a comma is quoted."""

    def prepare_value(self, value: Any) -> Any:
        """Return the words as they are typed."""
        return ", ".join(map(_quoted, value)) if isinstance(value, (list, tuple)) else value

    def clean(self, value: Any) -> list[str]:
        """Return the words that were typed."""
        typed: str = super().clean(value)
        words = next(csv.reader([typed], skipinitialspace=True), [])
        return [word.strip() for word in words if word.strip()]


def field_of(option: Option) -> forms.Field:
    """Return the form field of an option."""
    about: dict[str, Any] = {"label": option.label, "help_text": option.hint, "required": False}
    if option.kind is Kind.FLAG:
        return forms.BooleanField(**about)
    if option.kind is Kind.ONE:
        widget = forms.RadioSelect if len(option.choices) <= FEW else forms.Select
        required = "" not in option.choices
        return forms.ChoiceField(**{**about, "required": required}, choices=list(option.choices.items()), widget=widget)
    if option.kind is Kind.NUMBER:
        return forms.IntegerField(**about, min_value=option.least)
    if option.kind is Kind.WORDS:
        return WordsField(**about, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}))
    if option.kind is Kind.TEXT:
        return forms.CharField(**about, max_length=100)
    raise TypeError(f"A part of the page of its own asks for {option.name}.")


def typed(option: Option, field: forms.Field, value: Any) -> Any:
    """Return what a form sends to choose ``value``; None if it sends nothing."""
    if option.kind is Kind.FLAG:
        return "on" if value else None
    return field.prepare_value(shown(option, value))


def shown(option: Option, value: Any) -> Any:
    """Return what the field shows for ``value``; None if the number is not set."""
    if option.kind is not Kind.NUMBER:
        return value
    return None if value is None or value < option.least else str(value)


def _quoted(word: str) -> str:
    return '"{}"'.format(word.replace('"', '""')) if "," in word or '"' in word else word
