"""Values in the shape a JSON Schema asks for."""
