"""What shape alone cannot tell: ids, order, names in expressions, things named elsewhere."""
