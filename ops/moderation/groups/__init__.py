"""Deciding many cases at once, and undoing that: a preview, then a job in batches.

``preparing`` makes the preview, ``fitness`` says of each case whether it can be done and why not, ``kinds`` does it.
"""
