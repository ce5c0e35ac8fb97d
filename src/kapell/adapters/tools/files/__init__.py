"""Files: safe paths, the run's folder, reading and writing."""
