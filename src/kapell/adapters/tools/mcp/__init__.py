"""Tools of MCP servers: one connection per server, opened when first needed and again when lost."""
