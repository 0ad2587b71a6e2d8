"""A plugin of pytest: each of the workers side by side empties a database of Redis of its own.

The first has the one of REDIS_URL, the others have those before it. Told to pytest with ``-p``, it is read before the
settings are.
"""

import os

if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    server, _, last = os.environ["REDIS_URL"].rpartition("/")
    # One that takes the place of a dead worker is counted on.
    place = int(worker.removeprefix("gw")) % int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    os.environ["REDIS_URL"] = f"{server}/{int(last) - place}"
