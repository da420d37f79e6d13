"""Splitting what git prints into one record a commit, however long one is."""

from __future__ import annotations

import io

from hypothesis import assume, given
from hypothesis import strategies as st

from mom_lsp.git.log import records


@given(st.lists(st.binary(max_size=30), max_size=8), st.integers(1, 20))
def test_of_a_long_record_the_beginning_is_kept(parts: list[bytes], most: int) -> None:
    mark = b"\0mark of this test\0"
    assume(not any(mark[:4] in part for part in parts))
    read = list(records(Trickle(mark.join([b"", *parts])), mark, most))
    assert read == [part[:most] for part in parts if part.strip()]


class Trickle(io.BytesIO):
    """Gives a few bytes at a time, as a pipe may."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(3)
