"""What a decision does: one class for each act, in a table that deciding, undoing and the pages ask.

A new act is a value of ``Act``, a class here and its line in ``ops.moderation.measures.registry``.
"""
