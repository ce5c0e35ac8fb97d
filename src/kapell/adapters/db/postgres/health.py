"""Looks a Postgres database over."""

from kapell.adapters.db.postgres.connections import check_schema, connect, translated
from kapell.adapters.db.schema.checking import QUERIES, Finding, finding
from kapell.kit.errors import KapellError


async def check(url: str) -> tuple[Finding, ...]:
    """Return what is well and what is not."""
    try:
        connection = await connect(url)
    except KapellError as error:
        return (Finding(name="server", ok=False, detail=error.message, advice=error.advice),)
    try:
        with translated():
            version = await connection.fetchval("SHOW server_version")
            found = [Finding(name="server", ok=True, detail=str(version))]
            try:
                await check_schema(connection)
            except KapellError as error:
                wrong = Finding(name="schema", ok=False, detail=error.message, advice=error.advice)
                return (*found, wrong)
            found.append(Finding(name="schema", ok=True))
            for name, sql in QUERIES.items():
                found.append(finding(name, [row[0] for row in await connection.fetch(sql)]))
            return tuple(found)
    finally:
        await connection.close()
