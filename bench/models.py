"""Plain Django models of our tables, with cascades, with which deleting an account is compared.

Only ``bench.vanilla.cascade_settings`` installs them. They have no migrations, since the tables are ours.
"""

from __future__ import annotations

from django.db import models


class PlainUser(models.Model):
    username = models.CharField(max_length=150)

    class Meta:
        managed = False
        db_table = "accounts_user"

    def __str__(self) -> str:
        return self.username


class PlainConversation(models.Model):
    message_count = models.PositiveIntegerField()
    unread_count = models.PositiveIntegerField()

    class Meta:
        managed = False
        db_table = "messaging_conversation"

    def __str__(self) -> str:
        return f"conversation {self.pk}"


class PlainMessage(models.Model):
    conversation = models.ForeignKey(PlainConversation, models.CASCADE)
    sender = models.ForeignKey(PlainUser, models.CASCADE, related_name="sent")
    receiver = models.ForeignKey(PlainUser, models.CASCADE, related_name="received")
    # Other people's replies stay, as with us. With CASCADE, which is more usual, long threads raise RecursionError.
    parent_message = models.ForeignKey("self", models.SET_NULL, null=True, related_name="replies")
    content = models.TextField()
    read = models.BooleanField()

    class Meta:
        managed = False
        db_table = "messaging_message"

    def __str__(self) -> str:
        return f"message {self.pk}"


class PlainHistory(models.Model):
    message = models.ForeignKey(PlainMessage, models.CASCADE)
    edited_by = models.ForeignKey(PlainUser, models.SET_NULL, null=True)
    old_content = models.TextField()

    class Meta:
        managed = False
        db_table = "messaging_messagehistory"

    def __str__(self) -> str:
        return f"history {self.pk}"


class PlainNotification(models.Model):
    user = models.ForeignKey(PlainUser, models.CASCADE)
    message = models.ForeignKey(PlainMessage, models.CASCADE)

    class Meta:
        managed = False
        db_table = "messaging_notification"

    def __str__(self) -> str:
        return f"notification {self.pk}"
