"""Which lines git prints as hunk headers: its drivers by language, and one for JavaScript, which has none."""

from __future__ import annotations

_WORD = "[A-Za-z_$][A-Za-z0-9_$]*"
# POSIX extended regular expressions that are valid in Python, too, one a line as git reads them: the first one that
# matches decides, "!" for no header. A header is what the outer group matches.
JAVASCRIPT = (
    r"!^[ \t]+((if|for|while|switch|catch|with|return|await|throw|new|typeof|super"
    r"|setup|render|data)[^A-Za-z0-9_$]|function[ \t]*\()",  # every component has these methods
    r"^([A-Za-z_$].*)$",  # whatever begins the line, as for files without a driver
    r"^[ \t]+((describe|context|suite|it|test|specify|bench)(\.[A-Za-z]+)*(\([^\"'`]*\))?\([ \t]*[\"'`].*)$",
    rf"^[ \t]+(((export|default|declare|async)[ \t]+)*(function[*]?|class|interface|namespace)[ \t]+{_WORD}.*)$",
    r"^[ \t]+(((public|private|protected|static|async|override|get|set)[ \t]+)*[*#]?"
    rf"{_WORD}[ \t]*(<[^()]*>)?\([^()]*\)[^;=]*\{{)[ \t]*$",
)


def header_options(attributes: str) -> tuple[str, ...]:
    """Return the options of git that use the drivers of a gitattributes file, none without one."""
    if not attributes:
        return ()
    driver = "\n".join(JAVASCRIPT)
    return ("-c", f"core.attributesFile={attributes}", "-c", f"diff.javascript.xfuncname={driver}")
