"""Commands that tell what runs cost and where their time went."""
