"""The texts that the editor has open: pygls' documents, with the protocol's lines, and found by any spelling of a URI.

pygls ends a line wherever Python's `splitlines` does, looks documents up by the unquoted URI, and takes a column behind
the end of the last line for the one before its last character.
"""

from __future__ import annotations

from collections.abc import Sequence

from lsprotocol import types
from pygls.workspace import PositionCodec, ServerTextPosition, TextDocument, Workspace

from mom_lsp.route.lines import MAX_TEXT, is_too_long, whole_lines
from mom_lsp.server.uris import UriMap, uri_key

TOO_LONG = f"is longer than {MAX_TEXT / 1e6:g} MB"


class ColumnCodec(PositionCodec):
    """Positions that lie behind the end of a line, or of the text, mean that end."""

    def position_from_client_units(self, lines: Sequence[str], position: types.Position) -> ServerTextPosition:
        """Return a position in characters; behind the last line it is the end of the text."""
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
    """One open text. `is_lost` once a change could not be read: until a whole text comes, nobody knows its lines."""

    is_lost = False
    _split: tuple[str, Sequence[str]] = ("", ())  # a text and its lines

    @property
    def lines(self) -> Sequence[str]:
        """The lines with their ends; CR LF, LF and CR end a line, nothing else."""
        source = self.source
        if self._split[0] is not source:
            self._split = source, tuple(whole_lines(source))
        return self._split[1]

    @property
    def is_readable(self) -> bool:
        """Whether this is text that we read, and we know what it is."""
        return not self.is_lost and not self.is_too_long and "\0" not in self.source

    @property
    def is_too_long(self) -> bool:
        """Whether this is longer than what is read."""
        return is_too_long(self.source)

    def apply_change(self, change: types.TextDocumentContentChangeEvent) -> None:
        """Apply a change; one of a part only if the rest is known."""
        if not isinstance(change, types.TextDocumentContentChangePartial):
            self._source, self.is_lost = change.text, False
        elif not self.is_lost:
            start, end = self.offset_at_position(change.range.start), self.offset_at_position(change.range.end)
            self._source = self.source[:start] + change.text + self.source[max(start, end) :]


class OpenTexts(Workspace):
    """All open texts and folders of one editor."""

    def __init__(self, of: Workspace) -> None:
        """Take over what pygls has read of `initialize`, before any document is open."""
        super().__init__(of.root_uri, of._sync_kind, tuple(of.folders.values()), of.position_encoding)
        self._position_codec = ColumnCodec(of.position_encoding)
        self.opened: UriMap[OpenText] = UriMap()
        self._text_documents = self.opened  # type: ignore[assignment]

    def put_text_document(self, text_document: types.TextDocumentItem, notebook_uri: str | None = None) -> None:
        """Take in a text that was opened."""
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
        """Apply a change to a text; one that is not open has none."""
        if (text := self.opened.get(text_doc.uri)) is not None:
            text.apply_change(change)
            text.version = text_doc.version

    def remove_text_document(self, doc_uri: str) -> None:
        """Forget a text that was closed."""
        self.opened.pop(doc_uri, None)

    def get_text_document(self, doc_uri: str) -> TextDocument:
        """Return an open text, or one that is read from the disk."""
        return self.opened.get(doc_uri) or super().get_text_document(doc_uri)

    def add_folder(self, folder: types.WorkspaceFolder) -> None:
        """Open a folder."""
        self._folders[uri_key(folder.uri)] = folder

    def remove_folder(self, folder_uri: str) -> None:
        """Close a folder."""
        self._folders.pop(uri_key(folder_uri), None)
