from django.apps import AppConfig


class TransfersConfig(AppConfig):
    name = "ops.transfers"
    label = "transfers"
    verbose_name = "Import and export"
