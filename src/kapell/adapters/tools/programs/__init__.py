"""The tools that run programs, in a sandbox and nowhere else."""
