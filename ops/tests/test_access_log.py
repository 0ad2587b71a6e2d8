"""The web server's log names nobody: what people search for stands in addresses, after the question mark."""

from __future__ import annotations

import shlex

from django.conf import settings


def test_addresses_are_logged_without_what_was_searched() -> None:
    (web,) = (line for line in (settings.BASE_DIR / "Procfile").read_text().splitlines() if line.startswith("web:"))
    words = shlex.split(web)
    logged = words[words.index("--access-logformat") + 1]
    assert "%(m)s %(U)s" in logged
    for told in ("%(r)s", "%(q)s", "%(f)s"):  # the whole request, its query, where it came from
        assert told not in logged
