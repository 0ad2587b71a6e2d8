from django.apps import AppConfig, apps
from django.contrib.admin import apps as admin_apps
from django.db.models.signals import post_migrate


class OpsConfig(AppConfig):
    name = "ops"
    verbose_name = "Console"

    def ready(self) -> None:
        from ops import checks  # noqa: F401 - registers the checks
        from ops.console import theme

        post_migrate.connect(theme.apply_after_migrating, sender=apps.get_app_config("admin_interface"))


class ConsoleConfig(admin_apps.AdminConfig):
    """Django's admin with the console as its site."""

    default = False
    default_site = "ops.console.site.ConsoleSite"
