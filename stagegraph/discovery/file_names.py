"""Which file names are those of Dockerfiles, and of templates of Dockerfiles."""

from __future__ import annotations

import re

# Patterns for the `re` functions, which compile them on first use.
_DOCKERFILE = r"(?:Dockerfile|Containerfile)(?:[._-].+)?\Z|.+\.(?:Dockerfile|Containerfile)\Z"
_TEMPLATE = r"\.(?:j2|jinja2?|tmpl|tpl|template|erb|mustache|hbs|handlebars|gotmpl|m4|in|ejs|cruft|mako)\Z"
_OTHER = (
    r"\.(?:dockerignore|containerignore|md|rst|txt|bak|orig|rej|swp|lock|sha256|sig|patch|diff|ya?ml|json|toml"
    r"|py|pyc|js|ts|go|rs|rb|sh|java|html?|png|svg|log)\Z|~\Z"
)


def is_dockerfile_name(name: str) -> bool:
    """Whether ``name`` is a common name for a Dockerfile."""
    return _has_name(name) and not re.search(f"{_TEMPLATE}|{_OTHER}", name, re.IGNORECASE)


def is_template_name(name: str) -> bool:
    """Whether ``name`` is a common name for a template of a Dockerfile."""
    return _has_name(name) and has_template_suffix(name)


def has_template_suffix(name: str) -> bool:
    """Whether ``name`` ends as the name of a template does: ``Containerfile.in``."""
    return bool(re.search(_TEMPLATE, name, re.IGNORECASE))


def _has_name(name: str) -> bool:
    lower = name.lower()
    if "dockerfile" not in lower and "containerfile" not in lower:  # most files of a repository
        return False
    return bool(re.match(_DOCKERFILE, name, re.IGNORECASE))
