from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "ops.jobs"
    label = "jobs"
    verbose_name = "Jobs"
