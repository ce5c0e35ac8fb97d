"""What a new agent begins with, and the scenarios that agents are tried by."""
