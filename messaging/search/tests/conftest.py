from messaging.tests.cast import alice, bob, charlie, fast_passwords_and_empty_caches

__all__ = ["alice", "bob", "charlie", "fast_passwords_and_empty_caches"]
