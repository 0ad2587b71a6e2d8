"""The rules for usernames: nearly all are allowed, so that people can be imported with their names from elsewhere."""

from __future__ import annotations

import regex
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ops.accounts.names.look_alikes import skeletons
from ops.accounts.names.unseen import lone_mark, unseen_character
from ops.console.rooms import rooms

MAX_LENGTH = 150
ANONYMISED = "Deleted user"  # the username of an anonymised account, followed by a number

# Characters that do not change how a name reads at a glance: all but letters and numbers.
PASSED_OVER = regex.compile(r"[^\p{L}\p{N}]|\p{Lm}")
READS_AS_ANONYMISED = PASSED_OVER.sub("", ANONYMISED.casefold())


def username_problem(username: str) -> str | None:
    """Return a sentence with the reason why ``username`` is not allowed and the remedy, or None.

    Allowed are 1 to 150 visible characters, with blanks between them; case-sensitive, not normalised. Names that read
    like an anonymised account's are not allowed.
    """
    if not username:
        return _("The username is empty: give one of 1 to 150 characters.")
    if len(username) > MAX_LENGTH:
        words = ngettext(
            "The username has %(number)s character: shorten it to %(most)s.",
            "The username has %(number)s characters: shorten it to %(most)s.",
            len(username),
        )
        return words % {"number": len(username), "most": MAX_LENGTH}
    if username != username.strip():
        return _("The username begins or ends with a blank: remove it.")
    if not (username.isascii() and username.isprintable()):
        unseen = unseen_character(username)
        if unseen:
            words = _("The username holds a character that cannot be seen (%(code)s): remove it.")
            return words % {"code": f"U+{ord(unseen):04X}"}
        lone = lone_mark(username)
        if lone:
            words = _("The username holds a mark that belongs to a letter, without one (%(code)s): remove it.")
            return words % {"code": f"U+{ord(lone):04X}"}
    if reads_as_anonymised(username):
        words = _("Anonymised accounts are called “%(name)s” and a number, and nobody else is: use another name.")
        return words % {"name": ANONYMISED}
    return None


def reads_as_anonymised(username: str) -> bool:
    """Return whether a name reads as if it began with “Deleted user”, whatever follows."""
    return any(PASSED_OVER.sub("", skeleton).startswith(READS_AS_ANONYMISED) for skeleton in skeletons(username))


def validate_username(username: str) -> None:
    """Raise ValidationError with the sentence of ``username_problem``, if any."""
    problem = username_problem(username)
    if problem:
        raise ValidationError(problem, code="invalid_username")


def refusal_of_name(text: str, *, kind: str = "username") -> str:
    """Return a sentence why no account may get this username or e-mail address (``kind`` "email"); "" if allowed."""
    problem = username_problem(text) if kind == "username" else None
    return problem or next(filter(None, (room.name_refusal(text, kind=kind) for room in rooms())), "")
