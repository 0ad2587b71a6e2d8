from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "ops.audit"
    label = "audit"
    verbose_name = "Audit trail"

    def ready(self) -> None:
        from ops.audit import receivers

        receivers.connect()
