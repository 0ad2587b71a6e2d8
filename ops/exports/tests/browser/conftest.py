from ops.jobs.tests.killing import databases

__all__ = ["databases"]
