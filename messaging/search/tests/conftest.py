from messaging.tests.cast import alice, bob, charlie, empty_caches

__all__ = ["alice", "bob", "charlie", "empty_caches"]
