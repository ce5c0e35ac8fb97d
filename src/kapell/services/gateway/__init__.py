"""Gateway: the only door to models, and the port its adapters implement."""
