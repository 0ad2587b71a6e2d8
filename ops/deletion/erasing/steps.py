"""The steps after the account is gone, which all rooms declare. Each is retried until it succeeds, or has failed
MOST_FAILURES times."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from ops.console.erasure import Step, prepare_nothing
from ops.deletion import leftovers
from ops.deletion.erasing.batches import Stopped, batch, record_step
from ops.deletion.models import DeletionRequest
from ops.jobs import errors, leases
from ops.jobs.pacing import BATCH_SECONDS
from ops.jobs.run import Cancelled, HandOver, JobFailed, Run

logger = logging.getLogger(__name__)

SEE_LOG = gettext_noop("The console’s log has details.")  # sealed with the receipt, translated when shown
MOST_FAILURES = 3  # of one step, before it is recorded as failed on the receipt


def run_steps(run: Run) -> None:
    """Run the remaining steps in order. Raises JobFailed if one failed and will be retried.

    Steps without ``prepare`` share transactions, because a transaction takes longer than most steps. After one of them
    failed, the next step runs alone before sharing is tried again.
    """
    stored = DeletionRequest.objects.get(pk=run.params["request"])
    remaining = [step for step in leftovers.steps() if step.name not in stored.progress.get("cleared", [])]
    may_share = True
    while remaining:
        ready = list(takewhile(lambda step: step.prepare is prepare_nothing, remaining)) if may_share else []
        done = _run_together(run, ready) if ready else 0
        if not done:
            may_share = not ready
            _run_alone(run, remaining[0])
        remaining = remaining[done or 1 :]


def _run_together(run: Run, steps: Sequence[Step]) -> int:
    """Run as many steps as fit into a batch; returns how many. If one fails, all are rolled back and 0 is returned."""
    until = time.monotonic() + BATCH_SECONDS
    try:
        with batch(run) as request:
            for number, step in enumerate(steps, start=1):
                _do(request, step)
                if time.monotonic() >= until or number == len(steps):
                    return number
    except Exception as error:
        if not _is_failure(error):
            raise
    return 0


def _run_alone(run: Run, step: Step) -> None:
    """Run a step in a transaction of its own. Raises JobFailed if it failed and will be retried."""
    try:
        prepared = step.prepare(DeletionRequest.objects.get(pk=run.params["request"]), run)
        with batch(run) as request:
            _do(request, step, prepared)
    except Exception as error:
        if not _is_failure(error):
            raise
        _record_failure(run, step.name, error)


def _do(request: DeletionRequest, step: Step, prepared: Any = None) -> None:
    outcome = step.do(request, prepared)
    if outcome is not None:
        record_step(request, step.name, outcome.result, outcome.note)
    request.progress.setdefault("cleared", []).append(step.name)


def _is_failure(error: Exception) -> bool:
    """Return whether an exception is a failure of the step, not of the job that runs it."""
    return not isinstance(error, (leases.LeaseLost, HandOver, Cancelled, Stopped)) and not errors.is_transient(error)


def _record_failure(run: Run, step: str, error: Exception) -> None:
    """Count a failure of a step. Raises JobFailed, or from MOST_FAILURES on stores the outcome "failed" instead."""
    with batch(run) as request:
        failures = request.progress["failures"]
        failures[step] = failures.get(step, 0) + 1
        give_up = failures[step] >= MOST_FAILURES
        if give_up:
            record_step(request, step, "failed", SEE_LOG)
            request.progress.setdefault("cleared", []).append(step)
    why = errors.for_log(error)
    logger.error("Deletion %s: the step %s failed:\n%s", run.params["request"], step, why)
    if not give_up:
        raise JobFailed(
            _("The account was erased, but some of its data could not be cleared yet: it is tried again soon.")
        )
