"""The first schema."""

from alembic import op

from kapell.adapters.db.migrations.frozen import statements

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make all tables."""
    connection = op.get_bind()
    for statement in statements(revision, connection.dialect.name):
        connection.exec_driver_sql(statement)
