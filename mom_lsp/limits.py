"""How much of a text is read at all; what is longer is cut, and `mom doctor` counts the messages and files.

Every extractor is linear in the length of its text. Where a pattern is not, it is only matched against a text that is
cut to one of these limits, and `tests/test_linear_extractors.py` names the limit.
"""

from __future__ import annotations

MAX_MESSAGE = 50_000  # characters of a commit message
MAX_SUBJECT = 1_000  # characters of a subject
MAX_SENTENCE = 1_000  # characters of a sentence
MAX_TALK = 20_000  # characters of a comment or a description on a code host
MAX_PATH = 4_096  # characters of a path
MAX_FIELD = 1_000  # characters of a field in the front matter of a rule
MAX_DOCUMENT = 1_000_000  # characters of a document
MAX_SECTION = 20_000  # characters of a section of a document, or of an entry of a changelog
MAX_SOURCE = 2_000_000  # characters of a source file; a longer one was not written by hand, and is not read
MAX_SOURCE_LINE = 1_000  # characters of a line of a source file
MAX_COMMENT = 20_000  # characters of a comment in a source file
MAX_HEADER = 400  # characters of a line that may name a function or a heading
MAX_ABOVE = 5_000  # lines above a line among which the header of its function is looked for
MAX_COMPARED = 400  # characters at the beginning of a line that are compared with those of an earlier version
LEXING_TIME = (
    2.0  # seconds of processor time for one source file; comments behind are not read. Ordinary text takes 1 s per MB
)
