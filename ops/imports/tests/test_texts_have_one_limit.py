"""Texts have the same longest length in every format and code path, so that every export can be imported again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from messaging.limits import LONGEST_TEXT
from messaging.models import Message
from ops.files.sources import LONGEST_VALUE
from ops.imports.tests.files import COLUMNS, all_problems, row
from ops.imports.tests.importing import checked

TOO_LONG = "x" * (LONGEST_TEXT + 1)


def test_files_and_messages_have_the_same_limit() -> None:
    assert LONGEST_VALUE == LONGEST_TEXT


def test_a_longer_text_is_no_message(alice: Any, bob: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        Message(sender=alice, receiver=bob, content=TOO_LONG).full_clean()
    assert caught.value.message_dict["content"] == [
        "The text has more than 10,485,760 characters: shorten it, or send it in parts."
    ]


def test_a_longer_text_of_a_file_is_refused_with_its_row(alice: Any, bob: Any) -> None:
    objects = [dict(zip(COLUMNS, row("1", content=content), strict=True)) for content in ("fine", TOO_LONG)]
    import_ = checked(content=json.dumps(objects).encode())
    assert all_problems(import_)[0] == ("row 2, content: the text has 10,485,761 characters: shorten it to 10,485,760.")
