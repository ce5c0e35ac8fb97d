"""A run as one file: its version, its log and its artifacts; exported here, imported anywhere."""

from kapell.services.runs.porting.porter import Porter

__all__ = ["Porter"]
