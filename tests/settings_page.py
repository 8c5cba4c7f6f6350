"""Table of settings in docs/configuration.md, written from the Structs: `make docs`, or this file with `--check`.

- Name, type, bounds and default are the field's; the meaning is its attribute docstring, which none may lack.
- Only the lines between the two markers are touched.
"""

import ast
import inspect
import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import inspect as forms

from tinyv_stream.config import Config
from tinyv_stream.config.bounds import in_words

PAGE = Path(__file__).parents[1] / "docs" / "configuration.md"
BEGIN = "<!-- settings: written by `make docs` from tinyv_stream/config -->"
END = "<!-- end of settings -->"


def tables(kind: type[msgspec.Struct], path: str = "", *, rows: bool = False) -> Iterator[str]:
    """Yield the lines of one part's table, then those of the parts inside it."""
    meanings = docstrings(kind)
    inner: list[tuple[type[msgspec.Struct], str, bool]] = []
    lines: list[str] = []
    for field in forms.type_info(kind).fields:
        name, form = f"{path}.{field.name}".lstrip("."), field.type
        item = getattr(form, "item_type", form)
        if isinstance(item, forms.StructType):
            inner.append((item.cls, name, item is not form))
            continue
        cells = (f"`{field.name}`", in_words(form).removeprefix("a "), default(field), meanings[field.name])
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    if lines:
        yield f"### `[[{path}]]`" if rows else f"### `[{path}]`"
        yield f"\n{' '.join((inspect.getdoc(kind) or '').split())}\n"
        yield from ("| setting | type and bounds | default | meaning |", "|---|---|---|---|", *lines, "")
    for part in inner:
        yield from tables(part[0], part[1], rows=part[2])


def default(field: forms.Field) -> str:
    """Return the default as `tinyv.toml` has it; TOML has no word for None."""
    if field.required:
        return "required"
    return "unset" if field.default is None else f"`{json.dumps(field.default)}`"


def docstrings(kind: type[msgspec.Struct]) -> dict[str, str]:
    """Return the attribute docstring of each field, on one line."""
    body = ast.parse(inspect.getsource(kind)).body[0].body
    found = {}
    for field, after in itertools.pairwise(body):
        match field, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = " ".join(text.split())
    return found


def main() -> int:
    page = PAGE.read_text()
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    fresh = "\n".join([before + BEGIN, "", *tables(Config), END + after])
    if "--check" in sys.argv[1:]:
        if fresh != page:
            sys.stderr.write(f"{PAGE.name} is stale: run `make docs`\n")
        return int(fresh != page)
    PAGE.write_text(fresh)
    return 0


if __name__ == "__main__":
    sys.exit(main())
