#!/usr/bin/env python
"""Django's command line for Threadward."""

import os
import sys

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from ops.serving.collecting import loading
from ops.serving.frames import with_room


def main() -> None:
    """Run a management command; a wrong setting ends it with its sentence instead of a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ops.settings")
    try:
        settings.INSTALLED_APPS  # noqa: B018 - reading any setting loads them all
    except ImproperlyConfigured as error:
        sys.exit(f"Threadward cannot start. {error}")
    if sys.argv[1:2] != ["runserver"]:  # which waits until a mistake in the code is mended
        with loading():
            django.setup()
    with_room(execute_from_command_line, sys.argv)


if __name__ == "__main__":
    main()
