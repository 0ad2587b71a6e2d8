from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class MessagingConfig(AppConfig):
    name = "messaging"
    verbose_name = gettext_lazy("Messages")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import sys

        from django.db.backends.signals import connection_created
        from django.db.models.signals import post_migrate

        from messaging import signals
        from messaging.database import checks as of_migrations  # noqa: F401 - registers the check
        from messaging.search import checks, indexing, sqlite  # noqa: F401 - registers the checks

        if sys.argv[1:2] == ["check"]:
            # The check reads all templates; a starting worker or server should not wait for that.
            from messaging.languages import unmarked  # noqa: F401 - registers the check

        signals.connect()
        connection_created.connect(sqlite.register, dispatch_uid="messaging.search.register")
        post_migrate.connect(indexing.after_migrating, sender=self, dispatch_uid="messaging.search.after_migrating")
