"""A loopback GitHub: issues over REST, projects over GraphQL, faults on demand."""
