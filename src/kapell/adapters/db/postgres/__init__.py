"""Postgres, the store that workers on many machines share; spoken to through asyncpg."""
