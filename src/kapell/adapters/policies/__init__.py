"""Who judges by Rego: an interpreter in this process, or an OPA server."""
