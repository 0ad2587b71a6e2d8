"""The access log names nobody: it omits query strings, which hold what people search for."""

from __future__ import annotations

from ops.serving import gunicorn


def test_addresses_are_logged_without_search_terms() -> None:
    logged = gunicorn.access_log_format
    assert "%(m)s %(U)s" in logged
    for field in ("%(r)s", "%(q)s", "%(f)s"):  # the request line, the query string, the referrer
        assert field not in logged
