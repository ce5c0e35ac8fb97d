"""Commands about runs: starting, watching, steering, answering."""
