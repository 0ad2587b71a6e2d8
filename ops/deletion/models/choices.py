"""On what basis an account is deleted, and what becomes of it and its texts."""

from __future__ import annotations

from django.db import models


class Basis(models.TextChoices):
    USER_REQUEST = "user_request", "The user’s request"
    COURT_ORDER = "court_order", "A court order"
    POLICY = "policy", "Policy"
    TEST_DATA = "test_data", "Test data"


class Mode(models.TextChoices):
    ERASE = "erase", "Erase everything sent or received"
    ANONYMISE = "anonymise", "Anonymise the person, keep the conversations"


class Texts(models.TextChoices):
    BLANK = "blank", "Blank the texts they sent"
    KEEP = "keep", "Keep the texts they sent"
