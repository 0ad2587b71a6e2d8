"""The endpoint for Prometheus: disabled unless a token is set, and closed to requests without that token."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from ops.dashboard import board_cache
from ops.dashboard.metrics.gauges import Gauge, measure
from ops.serving.lazy_modules import LazyModule

if TYPE_CHECKING:
    from prometheus_client.core import GaugeMetricFamily

prometheus, families = LazyModule("prometheus_client"), LazyModule("prometheus_client.core")

PREFIX = "threadward_"
UNAVAILABLE = "# The first measures are being taken. Ask again.\n"


class Measured:
    """A collector that passes gauges to the Prometheus library, which formats them."""

    def __init__(self, gauges: tuple[Gauge, ...]) -> None:
        self.gauges = gauges

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for gauge in self.gauges:
            family = families.GaugeMetricFamily(
                f"{PREFIX}{gauge.name}", gauge.says, labels=[gauge.label] if gauge.label else []
            )
            for key, value in gauge.values.items():
                family.add_metric([key] if gauge.label else [], value)
            yield family


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Return the gauges, at most a minute old; 404 if no METRICS_TOKEN is set, 401 for a request without it."""
    if not settings.METRICS_TOKEN:
        raise Http404
    if not constant_time_compare(request.headers.get("Authorization", ""), f"Bearer {settings.METRICS_TOKEN}"):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    kept = board_cache.get("metrics", (), measure)
    if kept is None:
        return HttpResponse(UNAVAILABLE, status=503, content_type="text/plain", headers={"Retry-After": "5"})
    registry = prometheus.CollectorRegistry(auto_describe=False)
    registry.register(Measured(kept.value))
    return HttpResponse(prometheus.generate_latest(registry), content_type=prometheus.CONTENT_TYPE_LATEST)
