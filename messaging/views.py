"""The participants' views: inbox, conversations, writing and editing, deleting their account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from messaging import edits, page_cache
from messaging.erasing import erasure
from messaging.languages.wording import numbered
from messaging.models import Message, TextChanged
from messaging.participants import account_deletion, blocking, drafts, pages
from messaging.participants import inbox as inboxes
from messaging.participants.forms import (
    ComposeForm,
    DeleteAccountForm,
    EditForm,
    ReplyForm,
    form_data,
    require_form_methods,
    writing_refusal,
)
from messaging.participants.reporting import how_to_object
from messaging.participants.standing import standing_of


def _get_visible_message_or_404(request: HttpRequest, pk: int) -> Message:
    """Return a message that the user sent or received, with its sender and receiver."""
    return get_object_or_404(Message.objects.of(request.user).select_related("sender", "receiver"), pk=pk)


def _other_person(message: Message, user: Any) -> Any:
    """Return the receiver of a reply by ``user``: the sender of ``message``, or its receiver if ``user`` sent it."""
    return message.receiver if message.sender_id == user.pk else message.sender


def _save_or_add_error(form: Form, save: Callable[[], Message]) -> Message | None:
    """Return the message that ``save`` stores, or None with the reason in ``form`` if it raises ValidationError.

    Saving may fail even if the form was valid: the receiver's account may have been deleted since. Let TextChanged
    pass, which needs another form.
    """
    try:
        return save()
    except TextChanged:
        raise
    except ValidationError as refusal:
        form.add_error(None, refusal.messages)
        return None


def _with_draft(request: HttpRequest, key: str, form: Form | None = None) -> dict[str, Any]:
    """Return the template context of the draft in a place, and prefill an unbound ``form`` with it.

    A POST that ends here was refused: its text becomes the draft, so that it is not lost with the page.
    """
    if request.method == "POST":
        place = drafts.find(request.user, key, request.POST.get("receiver", ""))
        drafts.keep(request.user, place, request.POST.get("content", ""))
    draft = drafts.at(request.user, key)
    if draft is not None and form is not None and not form.is_bound:
        form.initial["content"] = draft.content
        if draft.to is not None and "receiver" in form.fields:
            form.initial["receiver"] = draft.to.get_username()
    return {"place": key, "draft": draft}


@login_required
@require_safe
@page_cache.cache_per_user
def inbox(request: HttpRequest) -> HttpResponse:
    """Show the user's conversations, those with unread messages first."""
    unread = Message.unread.count_for_users([request.user]).get(request.user.pk, 0)
    found = inboxes.inbox(request.user, request.GET.get("page"), request.GET.get("before", ""))
    return render(request, "messaging/inbox.html", {"inbox": found, "page": found.page, "unread": unread})


@login_required
@require_safe
@page_cache.cache_per_user
def conversation(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what the user sent or received in a conversation, in reading order; 404 if there is nothing."""
    part = pages.conversation_part(request.user, pk, request.GET.get("part"))
    if part is None:
        raise Http404("No conversation of this user has that number.")
    receiver = _other_person(part.latest, request.user)
    standing = standing_of(request.user)
    form = ReplyForm(sender=request.user, receiver=receiver)
    context = {
        "part": part,
        "receiver": receiver,
        "standing": standing,
        "refusal": writing_refusal(request.user, receiver, standing),
        "form": form,
        "how_to_object": how_to_object(),
        "blocked": blocking.blocked_among(request.user, part.people),
        **_with_draft(request, drafts.conversation(pk), form),
    }
    return render(request, "messaging/conversation.html", context)


@login_required
@require_POST
def mark_read(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark all messages that the user received in a conversation as read; 404 if they have no message in it."""
    if not Message.objects.of(request.user).filter(conversation_id=pk).exists():
        raise Http404("No conversation of this user has that number.")
    number = Message.objects.filter(conversation_id=pk, receiver=request.user.pk).mark_read()
    page_cache.invalidate([request.user.pk])  # update() sends no signal that would invalidate them
    sentence = ngettext("%(number)s message is marked as read.", "%(number)s messages are marked as read.", number)
    messages.success(request, numbered(sentence, number))
    return redirect("messaging:conversation", pk=pk)


@login_required
@require_form_methods
@never_cache
def reply(request: HttpRequest, pk: int) -> HttpResponse:
    """Reply to a message that the user sent or received; replying to one that they received marks it as read."""
    user: Any = request.user
    parent = _get_visible_message_or_404(request, pk)
    receiver = _other_person(parent, user)
    form = ReplyForm(form_data(request), sender=user, receiver=receiver)
    below = drafts.conversation(parent.conversation_id)
    place = below if request.POST.get("draft") == below else drafts.reply(pk)

    def save() -> Message:
        with transaction.atomic():
            message = Message.objects.create(
                sender=user, receiver=receiver, content=form.cleaned_data["content"], parent_message=parent
            )
            Message.objects.filter(pk=parent.pk, receiver=user).mark_read()
        return message

    if form.is_valid():
        sent = _save_or_add_error(form, save)
        if sent:
            drafts.discard(user, place)
            messages.success(request, _("Your reply was sent."))
            return pages.redirect_to_message(user, sent)
    standing = standing_of(user)
    refusal = writing_refusal(user, receiver, standing)
    context = {"form": form, "parent": parent, "receiver": receiver, "standing": standing, "refusal": refusal}
    return render(request, "messaging/reply.html", {**context, **_with_draft(request, place, form)})


@login_required
@require_form_methods
@never_cache
def compose(request: HttpRequest) -> HttpResponse:
    """Start a conversation by writing to a user, found by their username."""
    user: Any = request.user
    form = ComposeForm(form_data(request), sender=user, initial={"receiver": request.GET.get("to", "")})
    if form.is_valid():
        sent = _save_or_add_error(form, lambda: Message.objects.create(sender=user, **form.cleaned_data))
        if sent:
            drafts.discard(user, drafts.NEW)
            messages.success(request, _("Your message was sent."))
            return redirect(sent)
    standing = standing_of(user)
    context = {"form": form, "standing": standing, "refusal": standing.beginning_refusal}
    # A form for a receiver named in the URL neither shows the draft of a new message nor replaces it.
    kept = {} if request.GET.get("to") else _with_draft(request, drafts.NEW, form)
    return render(request, "messaging/compose.html", {**context, **kept})


def _save_text(message: Message, written: dict[str, Any]) -> Message:
    """Store the new ``content`` of a message, written when it had this ``revision``, and return the message.

    Raise Http404 if the message was deleted meanwhile, and TextChanged if its text was changed.
    """
    message.content, message.based_on = written["content"], written["revision"]
    try:
        # Only this field: the receiver may have read the message since it was loaded.
        message.save(update_fields=["content"])
    except DatabaseError as error:
        if Message.objects.filter(pk=message.pk).exists():
            raise
        raise Http404("The message has been deleted.") from error
    return message


@login_required
@require_form_methods
@never_cache
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the text of a message that the user sent; the old text stays in its history.

    Refused if moderators removed the message or a part of it, or keep the user from sending, or if the receiver blocked
    the user: otherwise edits would be a way around these limits.
    """
    message = get_object_or_404(Message.objects.select_related("receiver"), pk=pk, sender=request.user)
    standing = standing_of(request.user)
    refusal = message.edit_refusal or standing.sending_refusal or blocking.refusal(request.user, message.receiver)
    if refusal:
        context = {"refusal": refusal, "message": message, "standing": standing}
        return render(request, "messaging/edit.html", {**context, **_with_draft(request, drafts.edit(pk))})
    form = EditForm(form_data(request), message=message)
    if form.is_valid():
        if form.cleaned_data["content"] == message.content:
            drafts.discard(request.user, drafts.edit(pk))
            messages.info(request, _("Nothing was changed: the text is the same as before."))
            return pages.redirect_to_message(request.user, message)
        try:
            saved = _save_or_add_error(form, lambda: _save_text(message, form.cleaned_data))
        except TextChanged:
            # The text changed between loading the message and saving it: validate again, to show the error.
            message.refresh_from_db(fields=["content", "revision"])
            form, saved = EditForm(form_data(request), message=message), None
            form.is_valid()
        if saved:
            drafts.discard(request.user, drafts.edit(pk))
            messages.success(request, _("Your changes were saved. The previous text stays in the message's history."))
            return pages.redirect_to_message(request.user, message)
    shown = _with_draft(request, drafts.edit(pk), form)
    draft: Any = shown["draft"]
    if draft is not None and not form.is_bound and message.histories.filter(edited_at__gt=draft.saved_at).exists():
        form.initial["revision"] = 0  # the draft is of an older text: saving it first shows the new one
    return render(request, "messaging/edit.html", {"form": form, "message": message, "standing": standing, **shown})


@login_required
@require_safe
@page_cache.cache_per_user
def history(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what each edit of a message changed, to its sender and its receiver."""
    message = _get_visible_message_or_404(request, pk)
    page = None if message.hidden else edits.edits_page(message, request.GET.get("page"))
    context = {"message": message, "page": page, "part": pages.part_of(request.user, message)}
    return render(request, "messaging/history.html", context)


@login_required
@require_form_methods
@never_cache
def delete_user(request: HttpRequest) -> HttpResponse:
    """Show what deleting the user's account removes; a POST with their password deletes it."""
    user = request.user
    form = DeleteAccountForm(form_data(request), request=request)
    sentence = _delete_account(form, user) if form.is_valid() else None
    if sentence:
        logout(request)
        messages.success(request, sentence)
        return redirect("messaging:goodbye")
    found = erasure.outlook(user.pk)
    context = {"form": form, "counts": found.counts, "complete": found.complete}
    return render(request, "messaging/delete_user.html", context)


def _delete_account(form: Form, user: Any) -> str | None:
    """Delete the account and return the sentence to show; if refused, add the reason to ``form`` and return None."""
    try:
        return account_deletion.delete_account(user)
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return None


@require_safe
@never_cache
def goodbye(request: HttpRequest) -> HttpResponse:
    """Show the page for somebody who deleted their account or requested its deletion."""
    if request.user.is_authenticated:
        return redirect("messaging:inbox")
    return render(request, "messaging/goodbye.html")
