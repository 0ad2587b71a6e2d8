"""Which header most likely holds a column, where a file calls its columns otherwise."""

from __future__ import annotations

import pytest

from ops.files.tests.files import TABLE
from ops.imports.columns import MESSAGE_COLUMNS, suggest


def test_readers_are_tested_with_the_columns_of_messages() -> None:
    assert MESSAGE_COLUMNS == TABLE


@pytest.mark.parametrize(
    ("headers", "suggested"),
    [
        (
            ["ID", "Parent ID", "From", "To", "Date", "Text"],
            {
                "external_id": "ID",
                "parent_external_id": "Parent ID",
                "sender": "From",
                "receiver": "To",
                "timestamp": "Date",
                "content": "Text",
            },
        ),
        ([" External_ID", "SENDER", "is_read"], {"external_id": " External_ID", "sender": "SENDER", "read": "is_read"}),
        # The best name wins, and no header is suggested twice.
        (["message", "text"], {"content": "text"}),
        (["id", "message id"], {"external_id": "id"}),
        (["a", "b", "c"], {}),
    ],
)
def test_other_names_are_suggested(headers: list[str], suggested: dict[str, str]) -> None:
    assert suggest(headers) == suggested
