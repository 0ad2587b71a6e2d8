"""Settings of the measured process: ours as in production, but for static files, which are not measured."""

import os

from ops.settings import *  # noqa: F403
from ops.settings import CACHES

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Where a console uses the same Redis, neither finds what the other one keeps there.
CACHES["default"] = {**CACHES["default"], "KEY_PREFIX": f"bench-{os.environ.get('BENCH_CACHE', '')}"}
