"""The ASGI application that a web server loads."""

import os
import sys

from django.core.asgi import get_asgi_application
from django.core.exceptions import ImproperlyConfigured

from ops.serving.collecting import collect_rarely, loading

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ops.settings")

try:
    with loading():
        application = get_asgi_application()
except ImproperlyConfigured as error:
    sys.exit(f"Threadward cannot start. {error}")

collect_rarely()
