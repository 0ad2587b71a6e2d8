"""The built-in tabs of a person's page."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from ops.console.person.tabs import Tab

CONVERSATIONS = Tab(
    "conversations",
    gettext_lazy("Conversations"),
    10,
    "messaging.view_conversation",
    "admin:accounts_user_conversations",
)
MESSAGES = Tab("messages", gettext_lazy("Messages"), 20, "messaging.view_message", "admin:accounts_user_messages")
EDITS = Tab("edits", gettext_lazy("Edits"), 30, "messaging.view_messagehistory", "admin:accounts_user_edits")
ACCOUNT = Tab("account", gettext_lazy("Account"), 40, "accounts.view_user", "admin:accounts_user_change")
LOG = Tab("log", gettext_lazy("Access log"), 50, "audit.view_entry", "admin:accounts_user_log")

TABS = (CONVERSATIONS, MESSAGES, EDITS, ACCOUNT, LOG)
