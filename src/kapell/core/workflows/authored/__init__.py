"""The authored form of a workflow: what a file may say, typed and described field by field."""
