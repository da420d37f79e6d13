"""The open texts: pygls' documents, but with LSP's line breaks, and found by any spelling of a URI.

pygls breaks lines wherever Python's `splitlines` does, looks documents up by the unquoted URI, and maps a column past
the end of the last line to the one before its last character.
"""

from __future__ import annotations

from collections.abc import Sequence

from lsprotocol import types
from pygls.workspace import PositionCodec, ServerTextPosition, TextDocument, Workspace

from mom_lsp.route.lines import MAX_TEXT, is_too_long, whole_lines
from mom_lsp.server.uris import UriMap, uri_key

TOO_LONG = f"is larger than {MAX_TEXT / 1e6:g} MB"


class ColumnCodec(PositionCodec):
    """Clamps positions past the end of a line, or of the text, to that end."""

    def position_from_client_units(self, lines: Sequence[str], position: types.Position) -> ServerTextPosition:
        """Return a position in characters; past the last line, the end of the text."""
        if position.line >= len(lines):
            return ServerTextPosition(max(0, len(lines) - 1), len(lines[-1]) if lines else 0)
        line = lines[position.line].rstrip("\r\n")
        if line.isascii():
            return ServerTextPosition(position.line, min(position.character, len(line)))
        units = 0
        for index, character in enumerate(line):
            if units >= position.character:
                return ServerTextPosition(position.line, index)
            units += self.client_num_units(character)
        return ServerTextPosition(position.line, len(line))


class OpenText(TextDocument):
    """One open text. It `is_lost` after a change that could not be read, until the client sends the full text."""

    is_lost = False
    _split: tuple[str, Sequence[str]] = ("", ())  # a text and its lines

    @property
    def lines(self) -> Sequence[str]:
        """The lines with their line breaks: only CR LF, LF and CR."""
        source = self.source
        if self._split[0] is not source:
            self._split = source, tuple(whole_lines(source))
        return self._split[1]

    @property
    def is_readable(self) -> bool:
        """Whether the text is known, is not binary and is not too long."""
        return not self.is_lost and not self.is_too_long and "\0" not in self.source

    @property
    def is_too_long(self) -> bool:
        """Whether the text is longer than the limit."""
        return is_too_long(self.source)

    def apply_change(self, change: types.TextDocumentContentChangeEvent) -> None:
        """Apply a change; a partial one only if the rest of the text is known."""
        if not isinstance(change, types.TextDocumentContentChangePartial):
            self._source, self.is_lost = change.text, False
        elif not self.is_lost:
            start, end = self.offset_at_position(change.range.start), self.offset_at_position(change.range.end)
            self._source = self.source[:start] + change.text + self.source[max(start, end) :]


class OpenTexts(Workspace):
    """All open texts and folders of one editor."""

    def __init__(self, of: Workspace) -> None:
        """Copy what pygls has read from `initialize`, before any document is open."""
        super().__init__(of.root_uri, of._sync_kind, tuple(of.folders.values()), of.position_encoding)
        self._position_codec = ColumnCodec(of.position_encoding)
        self.opened: UriMap[OpenText] = UriMap()
        self._text_documents = self.opened  # type: ignore[assignment]

    def put_text_document(self, text_document: types.TextDocumentItem, notebook_uri: str | None = None) -> None:
        """Add a text that was opened."""
        text = OpenText(
            uri_key(text_document.uri),
            text_document.text,
            text_document.version,
            text_document.language_id,
            sync_kind=self._sync_kind,
            position_codec=self._position_codec,
        )
        text.uri = text_document.uri
        self.opened[text.uri] = text

    def update_text_document(
        self, text_doc: types.VersionedTextDocumentIdentifier, change: types.TextDocumentContentChangeEvent
    ) -> None:
        """Apply a change to a text, if it is open."""
        if (text := self.opened.get(text_doc.uri)) is not None:
            text.apply_change(change)
            text.version = text_doc.version

    def remove_text_document(self, doc_uri: str) -> None:
        """Remove a text that was closed."""
        self.opened.pop(doc_uri, None)

    def get_text_document(self, doc_uri: str) -> TextDocument:
        """Return an open text, or read it from disk."""
        return self.opened.get(doc_uri) or super().get_text_document(doc_uri)

    def add_folder(self, folder: types.WorkspaceFolder) -> None:
        """Add a folder."""
        self._folders[uri_key(folder.uri)] = folder

    def remove_folder(self, folder_uri: str) -> None:
        """Remove a folder."""
        self._folders.pop(uri_key(folder_uri), None)
