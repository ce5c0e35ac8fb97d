"""Commands about policies: looking through them, testing them, asking them."""
