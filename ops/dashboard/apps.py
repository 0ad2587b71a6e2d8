from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "ops.dashboard"
    label = "dashboard"
    verbose_name = "Dashboard"

    def ready(self) -> None:
        from ops.dashboard import signals

        signals.connect()
