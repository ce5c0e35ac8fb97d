"""Which sandboxes a process has, the lightest first."""

from kapell.adapters.sandbox.bubblewrap.sandbox import Bubblewrap
from kapell.services.sandbox.choosing import Sandboxes
from kapell.settings.loading import Settings


def sandboxes(settings: Settings) -> Sandboxes:
    """Return the sandboxes as the settings say."""
    del settings
    return Sandboxes((Bubblewrap(),))
