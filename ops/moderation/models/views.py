"""Saved views of the queue."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, pgettext_lazy

from ops.moderation.models.labels import slug_constraints
from ops.moderation.saved import parameters


class ViewQuerySet(models.QuerySet["View"]):
    def team(self) -> ViewQuerySet:
        """Return the team's views."""
        return self.filter(owner=None)

    def in_order(self) -> ViewQuerySet:
        """Order views as their owner, or the team, arranged them."""
        return self.order_by("sort_order", "name", "id")

    def offered_to(self, user_id: Any) -> ViewQuerySet:
        """Return the views that this person sees above the queue: the team's, then their own."""
        active = self.filter(Q(owner=None) | Q(owner=user_id), active=True)
        return active.order_by(models.F("owner").asc(nulls_first=True), "sort_order", "name", "id")


class View(models.Model):
    """Named filters and an order of the queue, owned by one person or, without an owner, by the team.

    ``filters`` is a query string of the queue, such as "label=threat&overdue=yes".
    """

    name = models.CharField(gettext_lazy("name"), max_length=60)
    slug = models.SlugField(
        gettext_lazy("slug"), max_length=60, db_index=False, help_text=gettext_lazy("Names the view in files. Keep it.")
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    filters = models.CharField(
        gettext_lazy("filters"),
        max_length=300,
        blank=True,
        help_text=gettext_lazy(
            "As in the address of the queue, such as “label=threat&overdue=yes”. Empty: all that can be decided."
        ),
    )
    order = models.CharField(
        gettext_lazy("order"),
        max_length=20,
        blank=True,
        choices=[(one.name, one.title) for one in parameters.ORDERS[1:]],
        help_text=gettext_lazy("Empty: the most urgent first."),
    )
    sort_order = models.PositiveSmallIntegerField(
        gettext_lazy("sort order"), default=100, help_text=gettext_lazy("Lower comes first.")
    )
    active = models.BooleanField(
        gettext_lazy("active"), default=True, help_text=gettext_lazy("It stands above the queue.")
    )

    objects = ViewQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("filters of the queue", "view")
        verbose_name_plural = pgettext_lazy("filters of the queue", "views")
        permissions = [
            ("import_view", gettext_noop("Can import views")),
            ("export_view", gettext_noop("Can export views")),
        ]
        ordering = ["sort_order", "name"]
        indexes = [models.Index(fields=["sort_order", "id"], name="view_usual_order")]
        constraints = [
            *slug_constraints("view"),
            models.CheckConstraint(condition=~Q(name=""), name="view_has_name"),
            models.UniqueConstraint(
                fields=["slug"],
                condition=Q(owner=None),
                name="view_team_slug_once",
                violation_error_message=gettext_lazy("The team has a view with this slug."),
            ),
            models.UniqueConstraint(fields=["owner", "slug"], name="view_own_slug_once"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def parsed(self) -> dict[str, str]:
        """The filters by name."""
        return parameters.parse(self.filters)

    def clean(self) -> None:
        """Raise ValidationError for filters or an order that the queue does not offer."""
        filters = self.parsed
        if self.filters and not filters:
            raise ValidationError({"filters": _("Write filters as in an address, such as “label=threat&overdue=yes”.")})
        if self.owner_id is None and "reporter" in filters:
            raise ValidationError(
                {"filters": _("A view of the team cannot filter by a reporter: save it for yourself.")}
            )
        fault = parameters.fault_of(filters, self.order)
        if fault:
            raise ValidationError({"filters": fault})
        self.filters = parameters.written(filters)
