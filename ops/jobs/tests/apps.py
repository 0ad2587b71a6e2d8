from django.apps import AppConfig


class JobsTestsConfig(AppConfig):
    name = "ops.jobs.tests"
    label = "jobs_tests"

    def ready(self) -> None:
        from ops.jobs import kinds
        from ops.jobs.tests import counting

        kinds.register(counting.KIND)
