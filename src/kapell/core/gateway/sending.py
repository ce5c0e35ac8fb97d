"""What goes to a model, as people see it and approve of it: all of it, and nothing besides."""

import msgspec

from kapell.core.gateway.calls import ModelRequest
from kapell.kit.json import Json, decode, encode


def sent(request: ModelRequest) -> Json:
    """Return what a request sends: the model, every message, the tools offered, the parameters.

    Of two requests that send the same it is the same, whoever makes them and whenever.
    """
    # Whose words a message holds is known here alone: it is not sent.
    said = [msgspec.structs.replace(one, authored=False) for one in request.messages]
    shown: dict[str, Json] = {"model": request.model, "messages": msgspec.to_builtins(said)}
    if request.tools:
        shown["tools"] = msgspec.to_builtins(request.tools)
    if request.schema is not None:
        shown["schema"] = request.schema
    shown["max_output"] = request.max_output
    if request.temperature is not None:
        shown["temperature"] = request.temperature
    return decode(encode(shown))
