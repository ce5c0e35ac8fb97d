"""Services that moderate texts, spoken to over HTTP."""
