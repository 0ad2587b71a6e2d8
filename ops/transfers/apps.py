from django.apps import AppConfig


class TransfersConfig(AppConfig):
    name = "ops.transfers"
    label = "transfers"
    verbose_name = "Import and export"

    def ready(self) -> None:
        from ops.accounts.leftovers import account_erased
        from ops.jobs.kinds import register
        from ops.transfers import erased, runs
        from ops.transfers.exporting.kinds import export_kinds

        account_erased.connect(erased.forget, dispatch_uid="transfers.forget")
        for kind in (*runs.kinds(), *export_kinds()):
            register(kind)
