"""Deciding many cases together, and undoing that: a preview, then a job in batches.

``preparing`` makes the preview, ``fitness`` checks which cases can be processed and why others cannot, ``kinds`` has
the job.
"""
