"""Libraries that only some work needs are not loaded before a process is ready."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ops.serving.lazy_modules import LazyModule

PROJECT = Path(__file__).resolve().parents[3]
LATER = {"charset_normalizer", "prometheus_client", "xlsxwriter"}


@pytest.mark.once
def test_large_libraries_are_not_loaded_at_startup() -> None:
    program = "import sys, ops.wsgi, ops.urls; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert LATER.isdisjoint(loaded.stdout.split())
    assert "leather" in loaded.stdout.split()


def test_a_lazy_module_loads_on_access() -> None:
    assert LazyModule("xlsxwriter.utility").xl_col_to_name(27) == "AB"


def test_a_missing_attribute_raises_the_usual_error() -> None:
    with pytest.raises(AttributeError, match=r"module 'xlsxwriter' has no attribute 'nothing'"):
        LazyModule("xlsxwriter").nothing  # noqa: B018
