from messaging.tests.browsing import browser, open_page, page
from ops.jobs.tests.killing import databases

__all__ = ["browser", "databases", "open_page", "page"]
