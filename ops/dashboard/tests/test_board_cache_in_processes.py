"""With Redis, one process computes a cold dashboard for all processes that request it at the same moment."""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from subprocess import PIPE, Popen
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.cache import cache

from ops.dashboard import board_cache
from ops.dashboard.tests.opening import asking, computing

PROCESSES, REQUESTS = 4, 13


@pytest.mark.skipif(not settings.REDIS_URL, reason="Needs Redis: set REDIS_URL.")
def test_fifty_in_four_processes_compute_once() -> None:
    name = f"cold:{uuid4().hex}"
    cache.set_many({asking(name): 0, computing(name): 0}, 60)
    environment = {**os.environ, "REDIS_URL": settings.REDIS_URL, "DJANGO_SETTINGS_MODULE": "ops.settings"}
    command = [sys.executable, "-m", "ops.dashboard.tests.opening", name, str(REQUESTS), str(PROCESSES * REQUESTS)]
    with ExitStack() as running:
        servers = [
            running.enter_context(
                Popen(command, stdin=PIPE, stdout=PIPE, text=True, env=environment, cwd=Path(settings.BASE_DIR))
            )
            for _ in range(PROCESSES)
        ]
        for server in servers:
            running.callback(server.kill)
        assert [server.stdout.readline() for server in servers] == ["ready\n"] * PROCESSES  # type: ignore[union-attr]
        for server in servers:
            print(file=server.stdin, flush=True)
        found = [json.loads(server.stdout.readline()) for server in servers]  # type: ignore[union-attr]
    assert found == [["figures"] * REQUESTS] * PROCESSES
    assert cache.get(computing(name)) == 1
    cache.delete_many([asking(name), computing(name), board_cache.key_of(name)])
