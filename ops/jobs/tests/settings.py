"""The project's settings and the tests' own kinds of jobs, for workers in separate processes."""

from __future__ import annotations

from ops.settings import *  # noqa: F403
from ops.settings import INSTALLED_APPS as OURS

INSTALLED_APPS = [*OURS, "ops.jobs.tests.apps.JobsTestsConfig"]
# As in the tests' own process: the processes of one test create up to fifty users.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
