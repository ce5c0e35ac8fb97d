"""Everything that changes the file: one thread a process, one transaction a batch.

``writer`` is the door; the statements of a batch stand beside it.
"""
