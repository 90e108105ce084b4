"""Renders a blueprint's templates; every file that QLP generates without a model comes from here."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined


@cache
def _environment(package: str) -> Environment:
    return Environment(
        loader=PackageLoader(package, "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )


def render(package: str, template: str, **context: object) -> str:
    """Render `templates/<template>` of a blueprint's package; an undefined name is an error, never an empty string."""
    return _environment(package).get_template(template).render(**context)
