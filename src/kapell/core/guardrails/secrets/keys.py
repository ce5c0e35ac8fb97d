"""Keys and tokens of vendors, known by how they begin."""

import re

from kapell.core.guardrails.detectors.detector import Detector

_BODY = r"[A-Za-z0-9_\-]"


def _mixed(match: re.Match[str]) -> float:
    """A key has digits and letters; a hyphenated word has not."""
    said = match.group()
    body = said[3:]
    digits = sum(map(str.isdigit, body))
    return 0.97 if digits and digits < len(body) and not body.isupper() else 0.0


_KEYS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("anthropic_key", rf"sk-ant-{_BODY}{{12,}}", ("sk-ant-",)),
    ("openai_key", rf"sk-(?:proj|svcacct|admin|None)-{_BODY}{{12,}}", ("sk-",)),
    ("openrouter_key", r"sk-or-(?:v1-)?[A-Za-z0-9]{20,}", ("sk-or-",)),
    ("aws_key", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![a-z])", ("akia", "asia", "abia", "acca")),
    ("google_key", rf"AIza{_BODY}{{30,}}", ("aiza",)),
    ("google_token", rf"ya29\.{_BODY}{{20,}}|GOCSPX-{_BODY}{{20,}}", ("ya29.", "gocspx-")),
    (
        "github_token",
        r"gh[pousr]_[A-Za-z0-9]{20,}"
        r"|github_pat_\w{20,}",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
    ),
    (
        "gitlab_token",
        rf"gl(?:pat|dt|rt|ptt|ft|soat|cbt|agent"
        rf"|imt)-{_BODY}{{16,}}",
        ("glpat-", "gldt-", "glrt-", "glptt-", "glft-", "glsoat-", "glcbt-", "glagent-", "glimt-"),
    ),
    (
        "slack_token",
        r"xox[abceoprs]-[A-Za-z0-9\-]{10,}"
        r"|xapp-\d-[A-Za-z0-9\-]{10,}",
        ("xox", "xapp-"),
    ),
    (
        "slack_webhook",
        r"hooks\.slack\.com/(?:services|workflows"
        r"|triggers)/[A-Za-z0-9/]{20,}",
        ("hooks.slack.com",),
    ),
    (
        "stripe_key",
        r"(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,}"
        r"|whsec_[A-Za-z0-9+/=]{20,}",
        ("_live_", "_test_", "whsec_"),
    ),
    ("telegram_token", rf"(?<!\d)\d{{8,10}}:A[A-Za-z0-9_\-]{{32,36}}(?!{_BODY})", (":a",)),
    ("twilio_key", r"(?<![A-Za-z0-9])(?:SK|AC)[0-9a-f]{32}(?![0-9a-f])", ("sk", "ac")),
    ("sendgrid_key", rf"SG\.{_BODY}{{16,64}}\.{_BODY}{{16,}}", ("sg.",)),
    ("npm_token", r"npm_[A-Za-z0-9]{30,}", ("npm_",)),
    ("pypi_token", rf"pypi-Ag{_BODY}{{20,}}", ("pypi-ag",)),
    ("huggingface_token", r"(?:hf|api_org)_[A-Za-z0-9]{30,}", ("hf_", "api_org_")),
    ("digitalocean_token", r"do[opr]_v1_[0-9a-f]{40,}", ("_v1_",)),
    (
        "discord_token",
        rf"[MNO][A-Za-z0-9_\-]{{23,27}}\.[A-Za-z0-9_\-]{{6}}\.{_BODY}{{27,}}",
        (".",),
    ),
    (
        "discord_webhook",
        rf"discord"
        rf"(?:app)?\.com/api/webhooks/\d{{10,24}}/{_BODY}{{20,}}",
        ("api/webhooks/",),
    ),
    (
        "azure_key",
        r"(?i:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{40,}={0,2}"
        r"|[A-Za-z0-9_~.\-]{3}[78]Q~[A-Za-z0-9_~.\-]{30,}"
        r"|[?&]sig=[A-Za-z0-9%+/]{40,}={0,2}",
        ("accountkey=", "sharedaccesskey=", "q~", "sig="),
    ),
    ("groq_key", r"gsk_[A-Za-z0-9]{30,}", ("gsk_",)),
    ("xai_key", r"xai-[A-Za-z0-9]{30,}", ("xai-",)),
    ("perplexity_key", r"pplx-[A-Za-z0-9]{30,}", ("pplx-",)),
    ("replicate_token", r"r8_[A-Za-z0-9]{30,}", ("r8_",)),
    ("databricks_token", r"dapi[0-9a-f]{32}", ("dapi",)),
    ("mailgun_key", r"(?<![A-Za-z0-9])key-[0-9a-f]{32}", ("key-",)),
    (
        "shopify_token",
        r"shp(?:at|ca|pa"
        r"|ss)_[0-9a-fA-F]{32}",
        ("shpat_", "shpca_", "shppa_", "shpss_"),
    ),
    ("square_token", rf"sq0(?:atp|csp|idp)-{_BODY}{{20,}}", ("sq0",)),
    ("linear_key", r"lin_(?:api|oauth)_[A-Za-z0-9]{30,}", ("lin_",)),
    (
        "notion_token",
        r"ntn_[A-Za-z0-9]{40,}|"
        r"(?<![A-Za-z0-9])secret_[A-Za-z0-9]{43}",
        ("ntn_", "secret_"),
    ),
    ("grafana_token", r"gl(?:sa|c)_[A-Za-z0-9+/_=]{30,}", ("glsa_", "glc_")),
    ("vault_token", rf"hv[sbr]\.{_BODY}{{24,}}", ("hvs.", "hvb.", "hvr.")),
    ("supabase_key", r"sbp_[0-9a-f]{40}|sb_secret_[A-Za-z0-9_\-]{20,}", ("sbp_", "sb_secret_")),
    ("atlassian_token", rf"ATATT3{_BODY}{{20,}}=?[A-F0-9]{{0,8}}", ("atatt3",)),
    ("postman_key", r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}", ("pmak-",)),
    ("figma_token", rf"fig[dou][ru]?_{_BODY}{{30,}}", ("fig",)),
    ("sentry_token", r"sntry[su]_[A-Za-z0-9+/=_]{30,}", ("sntry",)),
    ("doppler_token", r"dp\.(?:pt|st|ct|sa|scim)\.[A-Za-z0-9.\-_]{30,}", ("dp.",)),
    ("age_key", r"AGE-SECRET-KEY-1[A-Z0-9]{50,}", ("age-secret-key-1",)),
)

DETECTORS = (
    *(Detector("secret", kind, pattern, needs, score=0.98) for kind, pattern, needs in _KEYS),
    Detector("secret", "openai_key", r"sk-[A-Za-z0-9]{20,}", ("sk-",), check=_mixed),
    Detector(
        "secret",
        "aws_secret",
        r"(?i:aws|secret|akia)[^\n]{0,60}?(?<![A-Za-z0-9+/])([A-Za-z0-9+/]{40})(?![A-Za-z0-9+/])",
        ("aws", "secret", "akia"),
        digits=1,
        check=lambda match: 0.9 if _random(match[1]) else 0.0,
        group=1,
    ),
)


def _random(said: str) -> bool:
    """Tell whether forty characters are of three sorts, as those that are drawn are."""
    return (
        any(map(str.isdigit, said)) and any(map(str.isupper, said)) and any(map(str.islower, said))
    )
