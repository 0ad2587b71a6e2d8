"""What a decision does: one class for each act, looked up in a registry by deciding, undoing and the pages.

A new act needs a value of ``Act``, a class here and a line in ``ops.moderation.measures.registry``.
"""
