"""Settings of plain Django: the same models and database, and only the stock admin."""

from bench.settings import *  # noqa: F403

INSTALLED_APPS = [
    "ops.accounts",
    # Apps that ops.accounts refers to.
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
