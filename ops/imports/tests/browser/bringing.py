"""Shorthand for browser tests of imports: creating people, counting what is stored, uploading a file."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from messaging.models import Conversation, Message, MessageHistory
from messaging.tests.cast import make_user
from ops.conftest import make_staff

WORK = ("work", "--processes", "1")
WHEN = "2026-01-05T10:00:00+00:00"

# --- In processes of their own ---------------------------------------------------------------------------------------


def prepare() -> None:
    """Create Dan, who may import and export, and a message that Alice sent to Bob earlier."""
    make_staff("dan", "import_messages", "export_messages", "view_conversation", "view_message")
    alice, bob = make_user("alice"), make_user("bob")
    Message.objects.create(sender=alice, receiver=bob, external_id="here-1", content="We meet at noon.", timestamp=WHEN)


def stored() -> dict[str, int]:
    models = {"messages": Message, "conversations": Conversation, "histories": MessageHistory}
    return {name: model._default_manager.count() for name, model in models.items()}


# --- In the browser --------------------------------------------------------------------------------------------------


def bring(page: Page, path: Path) -> None:
    page.goto("/console/imports/import/add/")
    page.get_by_label("File", exact=True).set_input_files(path)
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_role("heading", name=f"Import of {path.name}")).to_be_visible()
