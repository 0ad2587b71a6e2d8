"""Suggesting encodings for a file that is not valid in its own, and remembering which one a user chose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from ops.files.dialects.mixed_encodings import shown
from ops.files.encodings import ENCODINGS, sample_lines, suggest_encodings
from ops.files.suggestions import MOST_SAMPLES, Sample, Suggestion
from ops.imports.models import SavedEncoding


def save(encoding: str, *, by: Any) -> None:
    """Store the encoding that ``by`` chose, one of ENCODINGS, in place of their previous one."""
    SavedEncoding.objects.update_or_create(user=by, defaults={"encoding": encoding})


def saved(by: Any) -> str:
    """Return the encoding that ``by`` chose last time; "" if there is none or it is no longer offered."""
    chosen = SavedEncoding.objects.filter(user=by).values_list("encoding", flat=True).first() if by else None
    return chosen if chosen in ENCODINGS else ""


def suggestions(path: Path, *, by: Any) -> list[Suggestion]:
    """Return the likely encodings of a file, each valid for the whole of it, with lines as they would be read."""
    last = saved(by)
    return [_suggestion(path, name, again=name == last) for name in suggest_encodings(path, preferred=last)]


def _suggestion(path: Path, name: str, *, again: bool) -> Suggestion:
    samples = [Sample(None, shown(before), shown(after)) for before, after in sample_lines(path, name, MOST_SAMPLES)]
    if again:
        sentence = _("The file is probably in %(encoding)s, which you chose last time.")
    else:
        sentence = _("The file is probably in %(encoding)s.")
    sentence %= {"encoding": ENCODINGS[name]}
    return Suggestion("encoding", name, sentence, _("Read as %(encoding)s") % {"encoding": name}, samples)
