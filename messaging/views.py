"""What participants see: their inbox, their conversations, and the page that deletes their account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from messaging import edits, erasure, leaving, pages, reading
from messaging.forms import ComposeForm, DeleteAccountForm, EditForm, ReplyForm, why_not
from messaging.models import Message

require_form_methods = require_http_methods(["GET", "HEAD", "POST"])


def _sent(request: HttpRequest) -> QueryDict | None:
    """What a form was sent with, even where it is nothing; None where the page is only asked for."""
    return request.POST if request.method == "POST" else None


def _visible_or_404(request: HttpRequest, pk: int) -> Message:
    """A message that the user sent or received, with its people."""
    return get_object_or_404(Message.objects.of(request.user).select_related("sender", "receiver"), pk=pk)


def _other_end(message: Message, user: Any) -> Any:
    """Whom ``user`` writes to in answering ``message``: its sender, or its receiver where it is the user's own."""
    return message.receiver if message.sender_id == user.pk else message.sender


def _to_message(user: Any, message: Message) -> HttpResponse:
    """A redirect to the part of the conversation that shows ``message``."""
    number = reading.part_of(user, message)
    address = reverse("messaging:conversation", args=[message.conversation_id])
    return redirect(f"{address}{f'?part={number}' if number > 1 else ''}#m{message.pk}")


def _store(form: Form, store: Callable[[], Message]) -> Message | None:
    """What ``store`` stored; None where it was refused (the other account was just deleted, say): ``form`` says why."""
    try:
        return store()
    except ValidationError as problem:
        form.add_error(None, problem.messages)
        return None


@login_required
@require_safe
@pages.kept_for_user
def inbox(request: HttpRequest) -> HttpResponse:
    """The user's conversations, unread ones first."""
    unread = Message.unread.count_for_users([request.user]).get(request.user.pk, 0)
    page = reading.inbox_page(request.user, request.GET.get("page"))
    return render(request, "messaging/inbox.html", {"page": page, "unread": unread})


@login_required
@require_safe
@pages.kept_for_user
def conversation(request: HttpRequest, pk: int) -> HttpResponse:
    """What the user sent or received in a conversation, in reading order; 404 where they are not part of it."""
    part = reading.conversation_part(request.user, pk, request.GET.get("part"))
    if part is None:
        raise Http404("No conversation of this user has that number.")
    receiver = _other_end(part.latest, request.user)
    context = {
        "part": part,
        "receiver": receiver,
        "refusal": why_not(request.user, receiver),
        "form": ReplyForm(sender=request.user, receiver=receiver),
    }
    return render(request, "messaging/conversation.html", context)


@login_required
@require_POST
def mark_read(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark everything that the user received in a conversation as read; 404 where they are not part of it."""
    if not Message.objects.of(request.user).filter(conversation_id=pk).exists():
        raise Http404("No conversation of this user has that number.")
    number = Message.objects.filter(conversation_id=pk, receiver=request.user.pk).mark_read()
    pages.forget([request.user.pk])
    words = "1 message is" if number == 1 else f"{number:,} messages are"
    messages.success(request, f"{words} marked as read.")
    return redirect("messaging:conversation", pk=pk)


@login_required
@require_form_methods
@never_cache
def reply(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer a message that the user sent or received; answering one that they received marks it as read."""
    user: Any = request.user
    parent = _visible_or_404(request, pk)
    receiver = _other_end(parent, user)
    form = ReplyForm(_sent(request), sender=user, receiver=receiver)

    def send() -> Message:
        with transaction.atomic():
            sent = Message.objects.create(
                sender=user, receiver=receiver, content=form.cleaned_data["content"], parent_message=parent
            )
            Message.objects.filter(pk=parent.pk, receiver=user).mark_read()
        return sent

    if form.is_valid():
        answer = _store(form, send)
        if answer:
            messages.success(request, "Your reply was sent.")
            return _to_message(user, answer)
    context = {"form": form, "parent": parent, "receiver": receiver, "refusal": why_not(user, receiver)}
    return render(request, "messaging/reply.html", context)


@login_required
@require_form_methods
@never_cache
def compose(request: HttpRequest) -> HttpResponse:
    """Write to somebody by their username: begins a conversation."""
    user: Any = request.user
    form = ComposeForm(_sent(request), sender=user, initial={"receiver": request.GET.get("to", "")})
    if form.is_valid():
        message = _store(form, lambda: Message.objects.create(sender=user, **form.cleaned_data))
        if message:
            messages.success(request, "Your message was sent.")
            return redirect(message)
    return render(request, "messaging/compose.html", {"form": form})


def _change(message: Message, content: str) -> Message:
    """Store a new text alone: whether it was read meanwhile is not touched. 404 where the message is gone by now."""
    message.content = content
    try:
        message.save(update_fields=["content"])
    except DatabaseError as error:
        if Message.objects.filter(pk=message.pk).exists():
            raise
        raise Http404("The message was removed meanwhile.") from error
    return message


@login_required
@require_form_methods
@never_cache
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the text of a message that the user sent; the text before stays in its history."""
    message = get_object_or_404(Message.objects.select_related("receiver"), pk=pk, sender=request.user)
    form = EditForm(_sent(request), message=message)
    if form.is_valid():
        if form.cleaned_data["content"] == message.content:
            messages.info(request, "Nothing was changed: the text is the same as before.")
            return _to_message(request.user, message)
        if _store(form, lambda: _change(message, form.cleaned_data["content"])):
            messages.success(request, "Your changes were saved. The text before stays in the message's history.")
            return _to_message(request.user, message)
    return render(request, "messaging/edit.html", {"form": form, "message": message})


@login_required
@require_safe
@pages.kept_for_user
def history(request: HttpRequest, pk: int) -> HttpResponse:
    """What each edit of a message changed, for the two people of it."""
    message = _visible_or_404(request, pk)
    page = edits.page_of_edits(message, request.GET.get("page"))
    context = {"message": message, "page": page, "part": reading.part_of(request.user, message)}
    return render(request, "messaging/history.html", context)


@login_required
@require_form_methods
@never_cache
def delete_user(request: HttpRequest) -> HttpResponse:
    """Show exactly what deleting the user's account removes, and do it when their password is sent by POST."""
    user = request.user
    form = DeleteAccountForm(_sent(request), user=user)
    sentence = _leave(form, user) if form.is_valid() else None
    if sentence:
        logout(request)
        messages.success(request, sentence)
        return redirect("messaging:goodbye")
    context = {"form": form, "counts": erasure.plan(user.pk)}
    return render(request, "messaging/delete_user.html", context)


def _leave(form: Form, user: Any) -> str | None:
    """Delete the account, and say what became of it; None where that is refused, and the form says why."""
    try:
        return leaving.delete_account(user)
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return None


@require_safe
@never_cache
def goodbye(request: HttpRequest) -> HttpResponse:
    """Where somebody lands whose account was deleted, or is going to be."""
    if request.user.is_authenticated:
        return redirect("messaging:inbox")
    return render(request, "messaging/goodbye.html")
