"""Kit: words every program needs (errors, ids, time, money, JSON) and no business words.

Anyone may import it; it imports nothing of ours and touches neither clock, disk nor network.
"""
