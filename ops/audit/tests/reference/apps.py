from __future__ import annotations

from ops.console.rooms import NOTHING_PERSONAL, Audit, Room, Table


class ReferenceTestsConfig(Room):
    """A room with one small table, which only the tests of reference data install."""

    name = "ops.audit.tests.reference"
    label = "reference_tests"

    permissions = {"reference_tests.*": ()}
    tables = {"reference_tests.colour": Table(Audit.ADMIN, NOTHING_PERSONAL)}
