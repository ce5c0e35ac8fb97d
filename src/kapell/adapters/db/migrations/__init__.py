"""How the schema came to be: Alembic revisions, each frozen SQL of its own per database."""
