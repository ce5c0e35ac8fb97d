"""What a step run's path says to a view: the step it belongs to, whoever repeats it.

Items, passes and attempts of one step are one row of a view: ``replies[3]/draft`` and
``replies[3]#2/draft`` belong to ``replies/draft``. Branches, cases, handlers and compensations
stay apart.
"""

import re

from kapell.core.runs import paths

_SUFFIX = re.compile(r"[.:!@].*$")


step_of = paths.step_of


def parent_of(step: str) -> str:
    """Return the step that holds this one; empty for steps of the workflow itself."""
    above = step.rpartition("/")[0]
    head, slash, last = above.rpartition("/")
    return f"{head}{slash}{_SUFFIX.sub('', last)}"


def label_of(step: str) -> str:
    """Return a step's own id, with the branch, case or handler it stands in."""
    above, _, own = step.rpartition("/")
    branch = above.rpartition("/")[2]
    found = _SUFFIX.search(branch)
    if found is None or found[0].startswith("@"):
        return own
    return f"{found[0].lstrip('.:!')}: {own}"
