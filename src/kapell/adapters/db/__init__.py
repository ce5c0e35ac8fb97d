"""The stores: runs, their logs and everything that must agree with them, on SQLite or Postgres.

``open_store`` is the door. Only the database that is used is imported; SQLAlchemy and Alembic load
only when a schema is made or changed. Bootstrap alone imports this package.
"""

from kapell.adapters.db.store import Durability, Store, open_store

__all__ = ["Durability", "Store", "open_store"]
