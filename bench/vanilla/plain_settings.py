"""Settings of plain Django beside ours: the same models and database, the stock admin and nothing else."""

from bench.settings import *  # noqa: F403

INSTALLED_APPS = [
    "ops.accounts",
    # What accounts refer to.
    "ops.audit",
    "ops.jobs",
    "ops.notices",
    "django_tasks_db",
    "messaging",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "bench.vanilla.plain_admin"
