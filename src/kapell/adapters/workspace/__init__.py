"""The file system's side of the workspace: reads definitions below a root folder."""

from kapell.adapters.workspace.files import WorkspaceFolder, find_root, root_around

__all__ = ["WorkspaceFolder", "find_root", "root_around"]
