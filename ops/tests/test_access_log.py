"""The web server's log names nobody: what people search for stands in addresses, after the question mark."""

from __future__ import annotations

from ops.serving import gunicorn


def test_addresses_are_logged_without_what_was_searched() -> None:
    logged = gunicorn.access_log_format
    assert "%(m)s %(U)s" in logged
    for told in ("%(r)s", "%(q)s", "%(f)s"):  # the whole request, its query, where it came from
        assert told not in logged
