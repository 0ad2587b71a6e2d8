"""Calling functions in processes forked from one that has loaded everything, since loading it takes a second per
process."""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, connections
from django.utils.module_loading import import_string

import ops.settings

FOLDERS = [name for name in dir(ops.settings) if name.isupper() and isinstance(getattr(ops.settings, name), Path)]


def call_apart(path: str, *, database: str, folder: str, **arguments: Any) -> Any:
    """Call the function with this dotted path in a process forked from this one, with a database and a folder (VAR_DIR)
    of its own; return its result (JSON). Raises RuntimeError with the function's traceback."""
    connections.close_all()  # a forked process needs connections of its own
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        _answer(writing, path, database, folder, arguments)
    os.close(writing)
    with open(reading) as answers:
        answer = json.loads(answers.readline() or '{"error": "The process has ended."}')
    os.waitpid(pid, 0)
    if "error" in answer:
        raise RuntimeError(answer["error"])
    return answer["returned"]


def answer_to(path: str, arguments: dict[str, Any]) -> str:
    """Return the result of a function, or its traceback, as a line of JSON."""
    try:
        answer = {"returned": import_string(path)(**arguments)}
    except Exception:
        answer = {"error": traceback.format_exc()[-4000:]}
    return json.dumps(answer) + "\n"


def _answer(writing: int, path: str, database: str, folder: str, arguments: dict[str, Any]) -> None:
    """Run in the forked process: call the function, write its answer and exit."""
    try:
        _move_to(database, folder)
        answer = answer_to(path, arguments)
        connections.close_all()
        with open(writing, "w") as answers:
            answers.write(answer)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(0)


def _move_to(database: str, folder: str) -> None:
    """Have this process use another database of the same server and another folder, as if it had started with them."""
    os.environ.update(DATABASE_URL=database, VAR_DIR=folder)
    there = importlib.reload(ops.settings)
    connection.settings_dict["NAME"] = there.DATABASES["default"]["NAME"]
    for name in FOLDERS:
        setattr(settings, name, getattr(there, name))
