"""A plugin of pytest: each of three workers side by side empties a database of Redis of its own.

The first has the one of REDIS_URL, the others have the two before it. Told to pytest with ``-p``, it is read before the
settings are.
"""

import os

if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    server, _, last = os.environ["REDIS_URL"].rpartition("/")
    # One that takes the place of a dead worker is counted on.
    os.environ["REDIS_URL"] = f"{server}/{int(last) - int(worker.removeprefix('gw')) % 3}"
