"""Reading of a record: whole lines of a segment from an offset on, plain or compressed, and one line by its place.

- An offset counts bytes of the uncompressed text, so it stays true when a closed segment is compressed.
- A compressed segment is a row of gzip members of 64 lines, each with its own length in its header: any of them is
  found without reading those before it, and `zcat` reads the whole.
- A line that is no JSON of ours is passed over and counted; a torn last line waits for its rest.
"""

import functools
import gzip
import os
import struct
import zlib
from pathlib import Path
from typing import Final

_MEMBER_LINES: Final = 64
_HEADER: Final = struct.Struct("<4sIBBH2sHII")  # gzip header with one extra field "TV": packed and plain length
_MAGIC: Final = b"\x1f\x8b\x08\x04"


def read_from(path: Path, offset: int, most: int) -> bytes:
    """Return whole lines of a segment from `offset` on, about `most` bytes of them; empty if there is no more.

    Raises FileNotFoundError if the segment is gone, plain and compressed.
    """
    try:
        with path.open("rb") as file:
            file.seek(offset)
            data = file.read(most)
            while b"\n" not in data and (more := file.read(most)):  # one line may be longer than `most`
                data += more
    except FileNotFoundError:
        data = _from_members(path.with_name(path.name + ".gz"), offset, most)
    return data[: data.rfind(b"\n") + 1]


def line_at(path: Path, offset: int, length: int) -> bytes:
    """Return one line by its place; raise FileNotFoundError if its segment is gone."""
    try:
        with path.open("rb") as file:
            return os.pread(file.fileno(), length, offset)
    except FileNotFoundError:
        return _from_members(path.with_name(path.name + ".gz"), offset, length)[:length]


def compress(path: Path) -> None:
    """Replace a closed segment by its compressed form, which appears only when it is whole."""
    draft = path.with_name(path.name + ".gz.part")
    private = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with path.open("rb") as source, os.fdopen(private, "wb") as out:
        while lines := [line for line in (source.readline() for _ in range(_MEMBER_LINES)) if line]:
            out.write(_member(b"".join(lines)))
    draft.rename(path.with_name(path.name + ".gz"))
    path.unlink()


def _member(plain: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(plain) + packer.flush()
    length = _HEADER.size + len(packed) + 8
    head = _HEADER.pack(_MAGIC, 0, 0, 255, 12, b"TV", 8, length, len(plain))
    return head + packed + struct.pack("<II", zlib.crc32(plain), len(plain) & 0xFFFFFFFF)


def _from_members(path: Path, offset: int, most: int) -> bytes:
    size = path.stat().st_size
    parts: list[bytes] = []
    got = 0
    with path.open("rb") as file:
        for at, length, begins, plain in _members(path, size):
            if begins + plain <= offset:
                continue
            file.seek(at)
            text = gzip.decompress(file.read(length))
            parts.append(text[max(0, offset - begins) :])
            got += len(parts[-1])
            if got >= most:
                break
    return b"".join(parts)


@functools.lru_cache(maxsize=256)
def _members(path: Path, size: int) -> tuple[tuple[int, int, int, int], ...]:
    """Return (place, length, first byte of the text, bytes of text) of each member."""
    found: list[tuple[int, int, int, int]] = []
    at = begins = 0
    with path.open("rb") as file:
        while at < size:
            magic, *_, length, plain = _HEADER.unpack(os.pread(file.fileno(), _HEADER.size, at))
            if magic != _MAGIC:
                raise ValueError(f"{path.name} is not a compressed segment of ours")
            found.append((at, length, begins, plain))
            at, begins = at + length, begins + plain
    return tuple(found)
