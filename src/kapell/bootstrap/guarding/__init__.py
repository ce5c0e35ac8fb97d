"""What guards the doors, wired up."""
