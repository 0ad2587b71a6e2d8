"""Labels, which name what a report or decision is about, and canned reasons, which are sent to participants."""

from __future__ import annotations

import string
from typing import Any

from colorfield.fields import ColorField
from django.conf.global_settings import LANGUAGES
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Length, Substr
from django.db.models.lookups import Exact, GreaterThan
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, pgettext_lazy

from ops.moderation.labels import palette, placeholders

SLUG_CHARACTERS = f"{string.ascii_lowercase}{string.digits}-"
KNOWN_LANGUAGES = dict(LANGUAGES)  # all that Django has, not only settings.LANGUAGES: participants may read others


class Severity(models.TextChoices):
    """How urgent a label is, worst first. ``ops.moderation.labels.targets`` gives the target time of each."""

    IMMINENT = "imminent", pgettext_lazy("severity", "Imminent harm")
    THREAT = "threat", pgettext_lazy("severity", "Threat")
    SERIOUS = "serious", pgettext_lazy("severity", "Serious")
    NORMAL = "normal", pgettext_lazy("severity", "Normal")
    LOW = "low", pgettext_lazy("severity", "Low")


def only_of(expression: Any, characters: str) -> Exact:
    """Return a condition: the text consists of these characters only. It works the same on both databases."""
    rest = Func(expression, Value(characters), function="LTRIM", output_field=models.TextField())
    return Exact(rest, Value(""))


def slug_constraints(model: str) -> list[models.BaseConstraint]:
    """Return the constraint on slugs, which name rows in files: lower-case letters, digits and hyphens."""
    condition = Q(GreaterThan(Length("slug"), 0)) & Q(only_of(F("slug"), SLUG_CHARACTERS))
    message = gettext_lazy("A slug has only small letters, digits and hyphens.")
    return [models.CheckConstraint(condition=condition, name=f"{model}_slug_shape", violation_error_message=message)]


def validate_language(code: str) -> None:
    """Raise ValidationError for a code that is not in Django's list of languages."""
    if code not in KNOWN_LANGUAGES:
        raise ValidationError(_("%(code)s is no language code, such as en, de or pt-br.") % {"code": repr(code)})


class LabelQuerySet(models.QuerySet["Label"]):
    def active(self) -> LabelQuerySet:
        """Return labels that new reports and decisions may have."""
        return self.filter(active=True)

    def for_participants(self) -> LabelQuerySet:
        """Return labels that participants may choose when they report a message."""
        return self.active().exclude(wording="")


class Label(models.Model):
    """What a report or decision is about. Switched off instead of deleted, because older decisions refer to it."""

    name = models.CharField(gettext_lazy("name"), max_length=40, unique=True)
    slug = models.SlugField(
        gettext_lazy("slug"), max_length=40, unique=True, help_text=gettext_lazy("Names the label in files. Keep it.")
    )
    colour = ColorField(gettext_lazy("colour"), samples=palette.SAMPLES, default=palette.SAMPLES[-1][0], max_length=7)
    severity = models.CharField(
        gettext_lazy("severity"), max_length=16, choices=Severity.choices, default=Severity.NORMAL
    )
    meaning = models.TextField(
        gettext_lazy("meaning"),
        blank=True,
        max_length=1_000,
        help_text=gettext_lazy("For reviewers: what it covers, and what not."),
    )
    wording = models.CharField(
        gettext_lazy("wording"),
        max_length=80,
        blank=True,
        help_text=gettext_lazy(
            "In the report form of participants, in plain words. Leave it empty if they cannot choose it."
        ),
    )
    hard_to_read = models.BooleanField(
        gettext_lazy("hard to read"),
        default=False,
        help_text=gettext_lazy("Texts with this label come covered, with a word of warning."),
    )
    active = models.BooleanField(
        gettext_lazy("active"), default=True, help_text=gettext_lazy("New reports and decisions can have it.")
    )
    sort_order = models.PositiveSmallIntegerField(
        gettext_lazy("sort order"), default=100, help_text=gettext_lazy("Lower comes first.")
    )

    objects = LabelQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("moderation", "label")
        verbose_name_plural = pgettext_lazy("moderation", "labels")
        default_permissions = ("view", "add", "change")
        permissions = [
            ("import_label", gettext_noop("Can import labels")),
            ("export_label", gettext_noop("Can export labels")),
        ]
        ordering = ["sort_order", "name"]
        indexes = [models.Index(fields=["sort_order", "name"], name="label_usual_order")]
        constraints = [
            *slug_constraints("label"),
            models.CheckConstraint(condition=~Q(name=""), name="label_has_name"),
            models.CheckConstraint(
                condition=Q(Exact(Length("colour"), 7))
                & Q(colour__startswith="#")
                & Q(only_of(Substr("colour", 2), "0123456789abcdef")),
                name="label_colour_shape",
                violation_error_message=gettext_lazy("A colour is # and six hexadecimal digits, such as #dc2626."),
            ),
            models.CheckConstraint(
                condition=Q(severity__in=Severity.values),
                name="label_severity_known",
                violation_error_message=format_lazy(
                    gettext_lazy("A severity is one of {severities}."), severities=", ".join(Severity.values)
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean_fields(self, exclude: Any = None) -> None:
        """Convert the colour to lower case: colour pickers and files use either case."""
        self.colour = self.colour.lower()
        super().clean_fields(exclude=exclude)

    @property
    def text_colour(self) -> str:
        """Black or white, whichever is readable on the colour."""
        return palette.text_on(self.colour)


class CannedReasonQuerySet(models.QuerySet["CannedReason"]):
    def offered(self) -> CannedReasonQuerySet:
        """Return canned reasons that a decision may send."""
        return self.filter(active=True, label__active=True)


class CannedReason(models.Model):
    """A text that explains a decision to a participant. Placeholders in braces are filled in before it is sent."""

    slug = models.SlugField(
        gettext_lazy("slug"), max_length=60, unique=True, help_text=gettext_lazy("Names the reason in files. Keep it.")
    )
    label = models.ForeignKey(
        Label,
        on_delete=models.PROTECT,
        related_name="canned_reasons",
        verbose_name=pgettext_lazy("moderation", "label"),
    )
    title = models.CharField(gettext_lazy("title"), max_length=80)
    text = models.TextField(
        gettext_lazy("text"),
        max_length=2_000,
        validators=[placeholders.validate_braces],
        help_text=gettext_lazy(
            "What the participant reads. Placeholders such as {date} and {rule} are filled in before sending."
        ),
    )
    language = models.CharField(gettext_lazy("language"), max_length=12, default="en", validators=[validate_language])
    active = models.BooleanField(
        gettext_lazy("active"), default=True, help_text=gettext_lazy("New decisions can send it.")
    )

    objects = CannedReasonQuerySet.as_manager()

    class Meta:
        verbose_name = gettext_lazy("canned reason")
        verbose_name_plural = gettext_lazy("canned reasons")
        default_permissions = ("view", "add", "change")
        permissions = [
            ("import_cannedreason", gettext_noop("Can import canned reasons")),
            ("export_cannedreason", gettext_noop("Can export canned reasons")),
        ]
        ordering = ["label__sort_order", "label__name", "title"]
        constraints = [
            *slug_constraints("reason"),
            models.CheckConstraint(condition=~Q(title=""), name="reason_has_title"),
            models.CheckConstraint(condition=~Q(text=""), name="reason_has_text"),
        ]

    def __str__(self) -> str:
        return self.title
