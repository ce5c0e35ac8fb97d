"""GitHub: issues over its REST interface, projects over GraphQL, with a token that nobody sees."""
