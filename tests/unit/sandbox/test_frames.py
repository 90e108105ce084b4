import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qlp.sandbox.inside import frames

pytestmark = pytest.mark.unit

HEADERS = st.dictionaries(st.text(max_size=8), st.one_of(st.integers(), st.text(max_size=20), st.none()), max_size=4)


@given(st.lists(st.tuples(HEADERS, st.binary(max_size=300)), max_size=5), st.integers(1, 50))
def test_frames_survive_any_cutting(sent: list[tuple[dict[str, object], bytes]], step: int) -> None:
    stream = b"".join(frames.pack(header, payload) for header, payload in sent)
    parser = frames.Parser()
    got = [frame for i in range(0, len(stream), step) for frame in parser.feed(stream[i : i + step])]
    assert got == sent


@pytest.mark.parametrize(
    "data",
    [
        struct.pack(">II", frames.MAX_HEADER + 1, 0),
        struct.pack(">II", 2, 2000),
        struct.pack(">II", 2, 0) + b"[]",
        struct.pack(">II", 3, 0) + b"{x}",
        struct.pack(">II", 2, 0) + b"\xff\xfe",
    ],
)
def test_what_is_no_frame_is_refused_before_it_is_awaited(data: bytes) -> None:
    with pytest.raises(frames.FrameError):
        frames.Parser(max_payload=1000).feed(data)


def test_an_oversized_frame_is_not_sent() -> None:
    with pytest.raises(frames.FrameError):
        frames.pack({"x": "y" * (frames.MAX_HEADER + 1)})
