"""Settings in which the tables belong to plain models with Django's cascades, and to nothing else."""

from bench.settings import *  # noqa: F403

INSTALLED_APPS = ["bench"]
