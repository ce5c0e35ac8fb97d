"""Operations of HTTP APIs as tools, read from their OpenAPI descriptions."""
