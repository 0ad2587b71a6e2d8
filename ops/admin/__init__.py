"""Registers the models of messaging, and themes, with the console's admin classes."""

from __future__ import annotations

from typing import Any

from admin_interface.models import Theme
from django.contrib import admin

import messaging.admin  # noqa: F401 - imported first, so that its registrations are replaced here
from messaging.models import Conversation, Message, MessageHistory, Notification
from ops.accounts.signing_in.forms import StaffSignInForm
from ops.accounts.signing_in.views import OwnPasswordView
from ops.admin.archive import MessageHistoryAdmin, NotificationAdmin
from ops.admin.conversations import ConversationAdmin
from ops.admin.messages import MessageAdmin
from ops.admin.theme import ConsoleThemeAdmin
from ops.audit.readings import record_jump
from ops.searching.jumping import texts

REGISTERED: dict[Any, Any] = {
    Conversation: ConversationAdmin,
    Message: MessageAdmin,
    MessageHistory: MessageHistoryAdmin,
    Notification: NotificationAdmin,
    Theme: ConsoleThemeAdmin,
}

for model, model_admin in REGISTERED.items():
    if admin.site.is_registered(model):
        admin.site.unregister(model)
    admin.site.register(model, model_admin)

site: Any = admin.site
site.login_form, site.password_change_view = StaffSignInForm, OwnPasswordView
site.record_jump, site.find_texts = record_jump, texts
