"""The script that test_forking runs: prints the one table of its database, its own process id and its parent's."""

from __future__ import annotations

import os
import signal
import sys

import django
from django.db import connection

if __name__ == "__main__":
    django.setup()
    expected, *killed = sys.argv[1:]
    if expected not in connection.introspection.table_names():
        raise ValueError(f"There is no table {expected!r}.")
    if killed:
        os.kill(os.getpid(), signal.SIGKILL)
    print(*connection.introspection.table_names(), os.getpid(), os.getppid())
