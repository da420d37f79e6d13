"""From a report to HTML: one file that loads nothing."""

from __future__ import annotations

from importlib.resources import files

from mom_lsp.errors import UsageError
from mom_lsp.report.exhibit import Cell, Report

INSTALL = "pip install 'mom-lsp[report]'"


def require() -> None:
    """Raise UsageError unless the libraries of reports are installed."""
    try:
        import jinja2
        import matplotlib as mpl
    except ImportError as error:
        raise UsageError(f"reports need {error.name}, which is not installed; install it with: {INSTALL}") from error
    del jinja2, mpl


def html(report: Report) -> str:
    """Return the page. Everything from the repository is escaped; plots are trusted, since we drew them."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["cell"] = _shown
    folder = files(__package__)
    template = environment.from_string((folder / "page.html.jinja").read_text("utf-8"))
    return template.render(report=report, style=(folder / "page.css").read_text("utf-8")) + "\n"


def _shown(value: Cell) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:g}" if isinstance(value, float) else value
