from messaging.tests.browsing import browser, open_page, page

__all__ = ["browser", "open_page", "page"]
