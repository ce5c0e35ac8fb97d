"""Events: what happened, one file per family, one union.

A payload is a frozen struct whose tag is the event's type; ``envelope`` is what surrounds it,
``codec`` turns it to text and back, ``value`` keeps large values out of the log.
"""
