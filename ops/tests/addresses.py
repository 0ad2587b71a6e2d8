"""Access to each address of the frame and of messaging's models; ops/tests/roles.py explains the table."""

from __future__ import annotations

from typing import Any

from admin_interface.models import Theme
from django.contrib.auth.models import Group

TABLE = """
#                                                 nobody alice nils  rita  lena  sue   dan   otto  rosa
index                                             in    in    ok    ok    ok    ok    ok    ok    ok
login                                             ok    ok    go/ok go/ok go/ok go/ok go/ok go/ok go/ok
logout                                            go    go    x/in  x/in  x/in  x/in  x/in  x/in  x/in
password_change                                   in    in    ok    ok    ok    ok    ok    ok    ok
password_change_done                              in    in    ok/x  ok/x  ok/x  ok/x  ok/x  ok/x  ok/x
jump                                              in    in    ok/x  ok/x  ok/x  ok/x  ok/x  ok/x  ok/x
keyboard                                          in    in    ok/x  ok/x  ok/x  ok/x  ok/x  ok/x  ok/x
autocomplete=sender                               in    in    no/x  no/x  no/x  no/x  no/x  no/x  no/x
autocomplete=parent_message                       in    in    no/x  no/x  no/x  no/x  no/x  no/x  no/x
jsi18n                                            in    in    ok/x  ok/x  ok/x  ok/x  ok/x  ok/x  ok/x
view_on_site=conversation                         in    in    --    go    go    --    go    --    go
view_on_site=message                              in    in    --    go    go    --    go    --    go

messaging_conversation_changelist                 in    in    no    ok    ok    no    ok    no    ok
messaging_conversation_add                        in    in    no    no    no    no    no    no    no
messaging_conversation_history                    in    in    no    no    no    no    no    go    go
messaging_conversation_delete                     in    in    no    no    no    no    no    no    no
messaging_conversation_change                     in    in    no    ok/no ok/no no    ok/no no    ok/no
messaging/conversation/<path:object_id>/          in    in    go    go    go    go    go    go    go
messaging_conversation_people                     in    in    no/x  ok/x  ok/x  no/x  ok/x  no/x  ok/x

messaging_message_changelist                      in    in    no    ok    ok    no    ok    no    ok
messaging_message_add                             in    in    no    no    no    no    no    no    no
messaging_message_history                         in    in    no    no    no    no    no    go    go
messaging_message_delete                          in    in    no    no    no    no    no    no    no
messaging_message_change                          in    in    no    ok/no ok    no    ok/no no    ok
messaging_message_similar                         in    in    no/x  ok/x  ok/x  no/x  ok/x  no/x  ok/x
messaging/message/<path:object_id>/               in    in    go    go    go    go    go    go    go
messaging_message_people                          in    in    no/x  ok/x  ok/x  no/x  ok/x  no/x  ok/x

messaging_messagehistory_changelist               in    in    no    ok    ok    no    no    no    ok
messaging_messagehistory_add                      in    in    no    no    no    no    no    no    no
messaging_messagehistory_history                  in    in    no    no    no    no    no    go    go
messaging_messagehistory_delete                   in    in    no    no    no    no    no    no    no
messaging_messagehistory_change                   in    in    no    go    go    no    no    no    go
messaging/messagehistory/<path:object_id>/        in    in    go    go    go    go    go    go    go

messaging_notification_changelist                 in    in    no    ok    ok    no    no    no    ok
messaging_notification_add                        in    in    no    no    no    no    no    no    no
messaging_notification_history                    in    in    no    no    no    no    no    go    go
messaging_notification_delete                     in    in    no    no    no    no    no    no    no
messaging_notification_change                     in    in    no    go    go    no    no    no    go
messaging/notification/<path:object_id>/          in    in    go    go    go    go    go    go    go

admin_interface_theme_changelist                  in    in    no    no    no    no    no    no    ok
admin_interface_theme_add                         in    in    no    no    no    no    no    no    ok
admin_interface_theme_history                     in    in    no    no    no    no    no    go    go
admin_interface_theme_delete                      in    in    no    no    no    no    no    no    ok
admin_interface_theme_change                      in    in    no    no    no    no    no    no    ok
admin_interface/theme/<path:object_id>/           in    in    go    go    go    go    go    go    go

auth_group_changelist                             in    in    no    no    no    no    no    no    ok
auth_group_add                                    in    in    no    no    no    no    no    no    go
auth_group_history                                in    in    no    no    no    no    no    go    go
auth_group_delete                                 in    in    no    no    no    no    no    no    go
auth_group_change                                 in    in    no    no    no    no    no    no    ok/go
auth/group/<path:object_id>/                      in    in    go    go    go    go    go    go    go

app_list=messaging                                in    in    --    ok    ok    --    ok    --    ok
app_list=admin_interface                          in    in    --    --    --    --    --    --    ok
app_list=auth                                     in    in    --    --    --    --    --    --    ok

(?P<url>.*)$                                      in    in    --    --    --    --    --    --    --
"""

UNASKED = {
    "index": "It shows links and numbers.",
    "app_list": "It shows links.",
    "login": "It asks for the password itself.",
    "logout": "It takes power away.",
    "password_change": "It asks for the old password itself.",
    "view_on_site": "It leads to another page.",
    "*/<path:object_id>/": "It leads to another page.",
    "*/<uuid:object_id>/": "It leads to another page.",
    "*_history": "It leads to the audit trail.",
    "*_changelist": "What is chosen in a list leads to a page of its own.",
    "messaging_messagehistory_change": "It leads to the message.",
    "messaging_notification_change": "It leads to the message.",
    "messaging_message_change": "A correction keeps the old text, with the name of who corrected it.",
    "admin_interface_theme_*": "How the console looks gives nobody power.",
}


def keys(alice: Any, bob: Any, message: Any) -> dict[str, Any]:
    """Return the key of a row of each model, by the beginning of its addresses' routes."""
    return {
        "messaging/conversation/": message.conversation_id,
        "messaging/message/": message.pk,
        "messaging/messagehistory/": message.histories.get().pk,
        "messaging/notification/": message.notifications.get().pk,
        "auth/group/": Group.objects.create(name="a group").pk,
        "admin_interface/theme/": Theme.objects.get().pk,
    }
