"""What an auditor is told: each control of a framework, and what the record shows of it."""
