"""The compiler of this process, loaded when there is something to compile."""

import asyncio

from kapell.services.policies.ports import Judge, Sources


class RegoCompiler:
    """Compiles with regopy. What that lets pass although it is wrong is looked for before."""

    async def compile(self, sources: Sources) -> Judge:
        """Return who judges by these modules.

        Raises:
            DefinitionInvalid: With everything that is wrong in them.
        """
        return await asyncio.to_thread(_compiled, sources)

    async def lint(self, sources: Sources) -> None:
        """Look modules through.

        Raises:
            DefinitionInvalid: With everything that is wrong in them.
        """
        await self.compile(sources)

    async def close(self) -> None:
        """Interpreters and bundles go with those who hold them."""


def _compiled(sources: Sources) -> Judge:
    from kapell.adapters.policies.rego.compiling import (  # noqa: PLC0415 - loads 20 MB, on use
        compiled,
    )

    return compiled(sources)
