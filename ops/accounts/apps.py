from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "ops.accounts"
    label = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        from ops.accounts import erasing, signals
        from ops.jobs import kinds

        signals.connect()
        kinds.register(
            kinds.Kind(
                name=erasing.KIND,
                work=erasing.work,
                unit="messages",
                page=erasing.page,
                permission="accounts.delete_user",
                why_no_retry=erasing.why_no_retry,
                why_no_cancel=erasing.HOLD_INSTEAD,
            )
        )
