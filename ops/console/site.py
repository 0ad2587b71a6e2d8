"""The admin site of the console."""

from __future__ import annotations

from django.contrib import admin


class ConsoleSite(admin.AdminSite):
    site_header = "Threadward"
    site_title = "Threadward"
    index_title = "Overview"
