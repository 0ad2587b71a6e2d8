from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class OpsConfig(AppConfig):
    name = "ops"
    verbose_name = "Console"

    def ready(self) -> None:
        from ops import checks  # noqa: F401 - registers the checks


class ConsoleConfig(admin_apps.AdminConfig):
    """Django's admin with the console as its site."""

    default = False
    default_site = "ops.console.site.ConsoleSite"
