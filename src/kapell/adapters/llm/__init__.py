"""The only speaker to language models: vendors' SDKs are imported here, on first use."""
