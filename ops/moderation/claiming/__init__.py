"""Claiming cases: the statements behind ``ops.moderation.claims``."""
