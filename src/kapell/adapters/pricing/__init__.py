"""The only speaker to the bundled list of prices."""
