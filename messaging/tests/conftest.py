from messaging.tests.cast import alice, bob, charlie, fast_and_fresh

__all__ = ["alice", "bob", "charlie", "fast_and_fresh"]
