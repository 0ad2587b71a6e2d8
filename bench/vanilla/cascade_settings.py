"""Settings with only plain models of our tables, which use Django's cascades."""

from bench.settings import *  # noqa: F403

INSTALLED_APPS = ["bench"]
