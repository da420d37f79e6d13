"""What ends a line of a file that is read for memories."""


def as_lines_of_git(text: str) -> str:
    """Return a text whose lines, each ended by a line feed, are those that git counts.

    A carriage return within a line becomes a blank, since lexers would end the line there. In a file that has no line
    feed at all, git sees one line and an editor many; there the carriage returns are the ends.
    """
    if "\r" not in text:
        return text
    return text.replace("\r\n", "\n").replace("\r", " ") if "\n" in text else text.replace("\r", "\n")
