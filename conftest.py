"""For every suite of the project."""

from ops.audit.tests.emptying import tests_may_empty_the_audit_trail

__all__ = ["tests_may_empty_the_audit_trail"]
