"""Settings of the measured process: ours as in production, but for static files, which are not measured."""

from ops.settings import *  # noqa: F403

# The process is started with DEBUG on, so that it needs no production key; what is measured runs with it off.
DEBUG = False
ALLOWED_HOSTS = ["testserver"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
