"""The project's settings with kinds of jobs that only tests have, for workers in processes of their own."""

from __future__ import annotations

from ops.settings import *  # noqa: F403
from ops.settings import INSTALLED_APPS as OURS

INSTALLED_APPS = [*OURS, "ops.jobs.tests.apps.JobsTestsConfig"]
# As in the tests' own process: the processes of one test make up to fifty people.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
