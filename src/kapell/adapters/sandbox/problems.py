"""The failures of sandboxes themselves; what a program does wrong is a result."""

from kapell.kit.errors import Denied, Unavailable


def broken(name: str, why: str) -> Unavailable:
    """Return the error of a sandbox that gave no usable answer."""
    return Unavailable(
        f"The sandbox {name!r} gave no usable answer: {why}.",
        code="sandbox_broken",
        advice="Run the program again; `kapell doctor` tries each sandbox out.",
    )


def unavailable(name: str, why: str, advice: str) -> Unavailable:
    """Return the error of a sandbox that does not work here."""
    return Unavailable(
        f"The sandbox {name!r} cannot be used here: {why}.",
        code="sandbox_unavailable",
        advice=advice or "`kapell doctor` says which sandboxes work here, and why others do not.",
    )


def package_denied(package: str, why: str) -> Denied:
    """Return the error of a program that wants a package it cannot have."""
    return Denied(
        f"The program cannot have the package {package!r}: {why}.",
        code="sandbox_package_denied",
        advice="Install it beside Kapell and name it under tools.sandbox.packages in kapell.yaml.",
    )
