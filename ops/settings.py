"""Settings of Threadward: one file; everything that differs between machines comes from the environment.

Without any variable, the settings are those for development: SQLite, local memory, this machine only.
Production sets at least SECRET_KEY (which switches DEBUG off), ALLOWED_HOSTS, DATABASE_URL and REDIS_URL.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from django.conf import global_settings
from django.core.exceptions import ImproperlyConfigured

from ops import environment

BASE_DIR = Path(__file__).resolve().parent.parent
# Production sets SECRET_KEY (or SECRET_KEY_FILE) where it starts its processes; without it, this is development.
if not environment.text("SECRET_KEY"):
    environment.read_file(Path(environment.text("ENV_FILE", str(BASE_DIR / ".env"))))
VAR_DIR = environment.folder("VAR_DIR", default=BASE_DIR / "var")

# --- Who may reach it -------------------------------------------------------------------------------------------

DEVELOPMENT_KEY = "development-only-key-never-for-production-0123456789abcdefghijklmnopqrstuvwxyz"
SECRET_KEY = environment.text("SECRET_KEY", DEVELOPMENT_KEY)
# A key of one's own means production, unless DEBUG is set too.
DEBUG = environment.flag("DEBUG", default=SECRET_KEY == DEVELOPMENT_KEY)
if not DEBUG and SECRET_KEY == DEVELOPMENT_KEY:
    raise ImproperlyConfigured(
        "Production does not start with the development key: set the environment variable SECRET_KEY to a long random "
        "text (python -c 'import secrets; print(secrets.token_urlsafe(64))'), or DEBUG=true on your own machine."
    )
if len(SECRET_KEY) < 50:
    raise environment.invalid("SECRET_KEY", f"{len(SECRET_KEY)} characters long", "at least 50 random characters")

LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = environment.names("ALLOWED_HOSTS", default=LOCAL_HOSTS if DEBUG else [])
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured(
        "Production needs the environment variable ALLOWED_HOSTS: the host names of the console, separated by commas."
    )
CSRF_TRUSTED_ORIGINS = environment.origins("CSRF_TRUSTED_ORIGINS")

HTTPS = environment.flag("HTTPS", default=not DEBUG)
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = environment.number("HSTS_SECONDS", default=31_536_000) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
# The headers with scheme and address of the client are trusted only from a proxy: anybody else could forge them.
BEHIND_PROXY = environment.flag("BEHIND_PROXY", default=False)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"  # links from other sites send the cookies, forms do not
SECURE_REFERRER_POLICY = "same-origin"
CSRF_FAILURE_VIEW = "ops.console.refusals.out_of_date"
X_FRAME_OPTIONS = "SAMEORIGIN"  # the theme's related-object dialog shows the console in a frame of itself
SECURE_CSP = {
    "default-src": ["'self'"],
    "script-src": ["'self'"],
    "style-src": ["'self'", "'unsafe-inline'"],  # django-admin-interface writes its colours into the page
    "img-src": ["'self'", "data:"],
    "object-src": ["'none'"],
    "base-uri": ["'self'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'self'"],
}
for directive in ("script-src", "style-src", "img-src", "font-src", "connect-src", "media-src"):
    name = f"CSP_{directive.upper().replace('-', '_')}"
    extra = environment.sources(name, scripts=directive == "script-src")
    if extra:
        SECURE_CSP[directive] = [*SECURE_CSP.get(directive, ["'self'"]), *extra]

# --- What it is made of -----------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "ops",
    "ops.searching",
    "ops.dashboard",
    "ops.exports",
    "ops.moderation",
    "ops.imports",
    "ops.deletion",
    "ops.accounts",
    "ops.audit",
    "ops.jobs",
    "ops.notices",
    "ops.console",
    "messaging",
    "admin_interface",
    "colorfield",
    "import_export",
    "django_htmx",
    "django_tasks_db",
    "ops.apps.ConsoleConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "ops.serving.frames.room_for_each_request",
    "django.middleware.security.SecurityMiddleware",
    "ops.content_security.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "messaging.database.moments.LocalTimeMiddleware",
    "ops.audit.context.AuditMiddleware",
    "ops.console.limits.query_time.TimeLimitMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "ops.console.limits.uploads.UploadsMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "ops.accounts.time_zone.OwnTimeMiddleware",
    "ops.accounts.preferences.language.OwnLanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "ops.accounts.signing_in.limits.SessionLimitsMiddleware",
    "ops.accounts.kept.middleware.KeptFormsMiddleware",
    "ops.notices.middleware.SeenMiddleware",
    "messaging.editors.EditorMiddleware",
    "ops.audit.refusals.RefusalMiddleware",
    "ops.audit.reasons.middleware.ReasonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "ops.urls"
WSGI_APPLICATION = "ops.wsgi.application"
ASGI_APPLICATION = "ops.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Where it keeps things --------------------------------------------------------------------------------------

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": environment.database("DATABASE_URL", default=VAR_DIR / "threadward.sqlite3")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # Every transaction takes the write lock at its start, so it waits there instead of failing half way.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = environment.number("DATABASE_CONN_MAX_AGE", default=60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    if environment.flag("DATABASE_PREPARES", default=True):
        # Frequent queries are planned once per connection (messaging/database/prepared.py).
        given = DATABASES["default"].setdefault("OPTIONS", {})
        given["prepare_threshold"] = 1
        # Compiling our statements (jit) takes longer than it saves: a second for a search by hundreds of spellings.
        given["options"] = f"{given.get('options', '')} -c plan_cache_mode=force_generic_plan -c jit=off".strip()

QUERY_SECONDS = environment.number("QUERY_SECONDS", default=15, least=1)  # limit of one query of a page

REDIS_URL = environment.redis("REDIS_URL")
CACHES: dict[str, dict[str, Any]] = {
    "default": (
        {"BACKEND": "ops.caches.FaultTolerantRedisCache", "LOCATION": REDIS_URL, "KEY_PREFIX": "threadward"}
        if REDIS_URL
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "unique-snowflake"}
    ),
    # The theme is read on every console page, never over the network, so that no page breaks while Redis is down. After
    # TIMEOUT seconds a process reads the database again, where another process may have changed the theme.
    "admin_interface": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "admin-interface",
        "TIMEOUT": 3,
    },
}
# Jobs: a queue in the database, or in Redis (JOBS_QUEUE=redis), wakes workers; everything else of a job is in its row.
JOBS_QUEUE = environment.queue("JOBS_QUEUE", redis_url=REDIS_URL)
JOBS_LEASE_SECONDS = environment.number("JOBS_LEASE_SECONDS", default=30, least=1)  # a worker silent longer is dead
JOBS_SWEEP_SECONDS = environment.number("JOBS_SWEEP_SECONDS", default=3, least=1)
JOBS_MOST_DEATHS = environment.number("JOBS_MOST_DEATHS", default=5, least=1)  # deaths in a row before a job fails
if JOBS_QUEUE == "redis":
    TASKS = {"default": {"BACKEND": "django_tasks_rq.RQBackend"}}
    INSTALLED_APPS += ["django_rq"]
    RQ_QUEUES = {"default": {"URL": environment.with_timeouts(REDIS_URL), "DEFAULT_TIMEOUT": -1}}
    RQ_SHOW_ADMIN_LINK = False
else:
    TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
WEB_CONCURRENCY = environment.number("WEB_CONCURRENCY", default=1, least=1)

# --- People -----------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "ops.accounts.signing_in.throttling.ThrottlingBackend",
    "ops.accounts.signing_in.backend.AccountBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
SESSION_ENGINE = "ops.accounts.signing_in.sessions"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "messaging:inbox"
LOGOUT_REDIRECT_URL = "login"
SESSION_IDLE_MINUTES = environment.number("SESSION_IDLE_MINUTES", default=30, least=1)
SESSION_HOURS = environment.number("SESSION_HOURS", default=12, least=1)
# A day longer than a session: the cookie must outlive it, so that the sign-in page can show why the session ended.
SESSION_COOKIE_AGE = (SESSION_HOURS + 24) * 3600

# --- Deleting accounts ------------------------------------------------------------------------------------------

# Erased names and addresses are kept as digests under this key, and receipts are signed with it; outlives SECRET_KEY.
ERASURE_KEY = environment.text("ERASURE_KEY", SECRET_KEY)
if len(ERASURE_KEY) < 50:
    raise environment.invalid("ERASURE_KEY", f"{len(ERASURE_KEY)} characters long", "at least 50 random characters")
DELETION_MODE = environment.choice("DELETION_MODE", "erase", ("ERASE", "ANONYMISE")).lower()
DELETION_TEXTS = environment.choice("DELETION_TEXTS", "blank", ("BLANK", "KEEP")).lower()  # of anonymised people
DELETION_GRACE_DAYS = environment.number("DELETION_GRACE_DAYS", default=0)
DELETION_ONE_PERSON = environment.flag("DELETION_ONE_PERSON", default=False)
# How participants confirm their identity and delete their own account; messaging alone would delete it immediately.
MESSAGING_CONFIRM_IDENTITY = "ops.accounts.signing_in.passwords.refusal"
MESSAGING_DELETE_ACCOUNT = "ops.deletion.requests.delete_own_account"
# The class that stores participants' reports, and how authors of removed messages object: an address, or a sentence.
MESSAGING_REPORTING = "ops.moderation.participants.reports.ParticipantsReports"
MESSAGING_OBJECTIONS = environment.text("MESSAGING_OBJECTIONS")
# The class that provides the warnings, restrictions and suspensions that participants read.
MESSAGING_STANDING = "ops.moderation.participants.standing.ParticipantsStanding"
BLOCKING_BOTH_WAYS = environment.flag("BLOCKING_BOTH_WAYS", default=False)  # the blocker cannot write either

# --- Reviewing --------------------------------------------------------------------------------------------------

# How soon reports should be reviewed, by the severity of their label.
REVIEW_TARGETS = environment.durations(
    "REVIEW_TARGETS",
    default={
        "imminent": timedelta(minutes=15),
        "threat": timedelta(hours=1),
        "serious": timedelta(hours=8),
        "normal": timedelta(hours=24),
        "low": timedelta(hours=72),
    },
)

# After so many cases in a row with texts that are hard to read, the next case is a lighter one; 0 for never.
HARD_CASES_IN_A_ROW = environment.number("HARD_CASES_IN_A_ROW", default=5)
# Texts that were not reported open freely, with a reason, or with a reason that notifies Leads (break-glass).
READING = environment.choice("READING", "open", ("OPEN", "REASON", "REPORTED")).lower()

# --- Monitoring -------------------------------------------------------------------------------------------------

# Prometheus sends it to /metrics/; without a token there is no such page.
METRICS_TOKEN = environment.secret("METRICS_TOKEN", least=32)
# E-mail: notices and the weekly digest, for people who chose them. Without a server, none is sent; in development it
# is printed.
SMTP = environment.mail("EMAIL_URL")
SENDS_EMAIL = bool(SMTP.host) or DEBUG
if not SMTP.host:
    EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
EMAIL_HOST, EMAIL_PORT, EMAIL_USE_TLS, EMAIL_USE_SSL = SMTP.host, SMTP.port, SMTP.starts_tls, SMTP.is_ssl
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = SMTP.user, SMTP.password
DEFAULT_FROM_EMAIL = environment.text("EMAIL_FROM", environment.sender(EMAIL_HOST))
EMAIL_TIMEOUT = 10  # seconds
# The origin of links in e-mail.
SITE_URL = environment.origin("SITE_URL", environment.site(ALLOWED_HOSTS, https=HTTPS, debug=DEBUG))

# --- Import and export ------------------------------------------------------------------------------------------

MOST_UPLOADED = environment.number("MOST_UPLOADED_MB", default=512, least=1) * 2**20  # bytes of one file to import
UPLOAD_QUOTA = environment.number("UPLOAD_QUOTA_MB", default=2048, least=1) * 2**20  # bytes of one person's files
# Pages that take files are marked (ops.console.limits.uploads); all others receive none.
FILE_UPLOAD_HANDLERS = ["ops.console.limits.uploads.NoFiles"]
# By default, django-import-export lets every staff user overwrite and export everything.
# The codes give "<app>.import_<model>" and "<app>.export_<model>".
IMPORT_EXPORT_IMPORT_PERMISSION_CODE = "import"
IMPORT_EXPORT_EXPORT_PERMISSION_CODE = "export"
IMPORT_EXPORT_SKIP_ADMIN_LOG = True
# A file like ops/imports/header_names.toml with more names that other programs give the columns of messages.
IMPORT_HEADER_NAMES = environment.text("IMPORT_HEADER_NAMES")
# The class with the columns of exported messages; a subclass may add some.
EXPORT_MESSAGE_TABLE = environment.text("EXPORT_MESSAGE_TABLE", "ops.exports.columns.MessageTable")

# --- Language and time ------------------------------------------------------------------------------------------

LANGUAGES = environment.languages("LANGUAGES", known=global_settings.LANGUAGES)
LANGUAGE_CODE = LANGUAGES[0][0]
USE_I18N = True
FORMAT_MODULE_PATH = "messaging.languages.formats"
USE_TZ = True
TIME_ZONE = environment.text("TIME_ZONE", "UTC")
if TIME_ZONE not in available_timezones():
    raise environment.invalid("TIME_ZONE", TIME_ZONE, "a name of the IANA time zone list, such as Europe/Berlin")

# --- Files, tests and logs --------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        )
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG
MEDIA_URL = "media/"
MEDIA_ROOT = VAR_DIR / "media"  # only images of themes, served by ops.console.theme.images
# Uploads to import and files to download: no web server may serve this folder. Web and worker share it.
PRIVATE_DIR = VAR_DIR / "private"
FIXTURE_DIRS = [BASE_DIR / "fixtures"]
# django-admin-interface requires framing by the same origin, and has its own check for it.
SILENCED_SYSTEM_CHECKS = ["security.W019"]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}{reference}: {message}", "style": "{"}},
    "filters": {
        "reference": {"()": "ops.audit.context.ReferenceFilter"},
        "refusals": {"()": "ops.audit.context.RefusalFilter"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["reference"]}},
    "loggers": {
        # Logs exceptions of receivers with their messages, which may quote rows; the callers log them without.
        "django.dispatch": {"level": "CRITICAL"},
        "django.request": {"filters": ["refusals"]},
    },
    "root": {
        "handlers": ["console"],
        "level": environment.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR")),
    },
}
