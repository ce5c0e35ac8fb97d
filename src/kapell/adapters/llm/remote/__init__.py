"""Models over HTTP, through the model classes of pydantic-ai: import it and the SDKs come along."""
