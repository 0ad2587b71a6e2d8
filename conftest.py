"""For every suite of the project."""

from ops.audit.tests.emptying import tables_are_emptied_row_by_row, tests_may_empty_the_audit_trail

__all__ = ["tables_are_emptied_row_by_row", "tests_may_empty_the_audit_trail"]
