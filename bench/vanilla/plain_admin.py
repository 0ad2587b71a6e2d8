"""A plain Django admin of the same models, and its URLs, with which ours is compared."""

from django.contrib import admin
from django.urls import path

from messaging.models import Conversation, Message


class PlainMessageAdmin(admin.ModelAdmin):
    list_display = ["sender", "receiver", "timestamp", "read", "edited"]
    list_filter = ["read", "edited"]
    list_select_related = ["sender", "receiver"]
    search_fields = ["content"]


class PlainConversationAdmin(admin.ModelAdmin):
    list_display = ["__str__", "started_at", "last_message_at", "message_count", "unread_count"]
    list_filter = ["messages__edited"]


site = admin.AdminSite()
site.register(Message, PlainMessageAdmin)
site.register(Conversation, PlainConversationAdmin)

urlpatterns = [path("console/", site.urls)]
