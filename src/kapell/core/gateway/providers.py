"""The providers we speak to, and the names of the environment variables their settings come from.

Data only: settings read the environment by it, adapters name it in their advice.
"""

import msgspec


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """One vendor: the prefix of its models and where its settings are found.

    ``key_names`` in the order they are looked at. Without ``key_needed`` it answers without a key.
    ``base_url`` is what is asked unless a setting says otherwise; empty means that one must be set.
    """

    prefix: str
    title: str
    key_names: tuple[str, ...]
    base_url_name: str
    base_url: str = ""
    version_name: str = ""
    key_needed: bool = True


PROVIDERS: dict[str, Provider] = {
    provider.prefix: provider
    for provider in (
        Provider(
            prefix="openai",
            title="OpenAI",
            key_names=("OPENAI_API_KEY",),
            base_url_name="OPENAI_BASE_URL",
            base_url="https://api.openai.com/v1",
        ),
        Provider(
            prefix="anthropic",
            title="Anthropic",
            key_names=("ANTHROPIC_API_KEY",),
            base_url_name="ANTHROPIC_BASE_URL",
            base_url="https://api.anthropic.com",
        ),
        Provider(
            prefix="google",
            title="Google Gemini",
            key_names=("GOOGLE_API_KEY", "GEMINI_API_KEY"),
            base_url_name="GOOGLE_BASE_URL",
            base_url="https://generativelanguage.googleapis.com",
        ),
        Provider(
            prefix="ollama",
            title="Ollama",
            key_names=("OLLAMA_API_KEY",),
            base_url_name="OLLAMA_BASE_URL",
            base_url="http://localhost:11434/v1",
            key_needed=False,
        ),
        Provider(
            prefix="azure",
            title="Azure OpenAI",
            key_names=("AZURE_OPENAI_API_KEY",),
            base_url_name="AZURE_OPENAI_ENDPOINT",
            version_name="OPENAI_API_VERSION",
        ),
    )
}
