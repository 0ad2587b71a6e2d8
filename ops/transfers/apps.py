from django.apps import AppConfig


class TransfersConfig(AppConfig):
    name = "ops.transfers"
    label = "transfers"
    verbose_name = "Import and export"

    def ready(self) -> None:
        from ops.jobs.kinds import register
        from ops.transfers import runs
        from ops.transfers.exporting.kinds import export_kinds

        for kind in (*runs.kinds(), *export_kinds()):
            register(kind)
