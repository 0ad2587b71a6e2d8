"""Choices of a deletion: its basis, and what happens to the account and its texts."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy


class Basis(models.TextChoices):
    USER_REQUEST = "user_request", gettext_lazy("The user’s request")
    COURT_ORDER = "court_order", gettext_lazy("A court order")
    POLICY = "policy", gettext_lazy("Policy")
    TEST_DATA = "test_data", gettext_lazy("Test data")


class Mode(models.TextChoices):
    ERASE = "erase", gettext_lazy("Erase everything sent or received")
    ANONYMISE = "anonymise", gettext_lazy("Anonymise the person, keep the conversations")


class Texts(models.TextChoices):
    BLANK = "blank", gettext_lazy("Blank the texts they sent")
    KEEP = "keep", gettext_lazy("Keep the texts they sent")
