"""A pytest plugin that gives each pytest-xdist worker a Redis database of its own, which its tests may empty.

The first worker has the database of REDIS_URL, the others have those before it. Load it with ``-p``, so that it runs
before the settings are imported.
"""

import os

if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    server, _, last = os.environ["REDIS_URL"].rpartition("/")
    # A worker that replaces a dead one has a number of its own, beyond the worker count.
    place = int(worker.removeprefix("gw")) % int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    os.environ["REDIS_URL"] = f"{server}/{int(last) - place}"
