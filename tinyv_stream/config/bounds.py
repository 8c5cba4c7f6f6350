"""Bounds of settings in words: what a type admits, and the error for a value outside it.

- Bounds are read from the types (`msgspec.Meta`, `Literal`, enums): a check, its remedy and the page of settings agree.
- An error names the field with its path (`tinyv.engine.max_num_seqs`), the value and what would be taken.
- What bounds cannot say (one setting against another) is not here.
"""

import re
from typing import Any, Final, TypeVar, cast

import msgspec
from msgspec import inspect

from tinyv_stream.errors import InvalidInputError

_S = TypeVar("_S", bound=msgspec.Struct)
_PATH: Final = re.compile(r" - at `\$([^`]*)`$")
_STEP: Final = re.compile(r"\.([^.\[]+)|\[(\d+)\]")
_KEY: Final = re.compile(r"Object (contains unknown|missing required) field `(.*?)`")
_NOUNS: Final[dict[type, str]] = {
    inspect.BoolType: "true or false",
    inspect.FloatType: "a number",
    inspect.IntType: "a whole number",
    inspect.StructType: "a table of settings",
}


def convert(plain: object, kind: type[_S], *, source: str = "") -> _S:
    """Return decoded TOML or JSON as a `kind`; raise InvalidInputError naming `source`, field, value and bounds."""
    try:
        return msgspec.convert(plain, kind)
    except msgspec.ValidationError as exc:
        raise _error(str(exc), plain, kind, source) from exc


def check_bounds(config: _S) -> _S:
    """Return `config`, which code may have built, with every field within its bounds; raise InvalidInputError else."""
    # msgspec checks what it converts, and takes a Struct as it is. Bytes stand for what no setting can be.
    plain = msgspec.to_builtins(config, builtin_types=(bytes,), enc_hook=lambda value: repr(value).encode())
    return convert(plain, type(config))


def in_words(form: inspect.Type) -> str:
    """Return what a type admits, such as "a whole number from 0 to 256"."""
    match form:
        case inspect.Metadata():
            schema = cast("dict[str, str]", msgspec.structs.asdict(form)["extra_json_schema"] or {})
            return schema.get("description") or in_words(form.type)
        case inspect.IntType() | inspect.FloatType():
            return f"{_NOUNS[type(form)]} {_range(form)}".rstrip()
        case inspect.StrType():
            return "text that is not empty" if form.min_length else "text"
        case inspect.VarTupleType():
            return f"a list, each {in_words(form.item_type)}"
        case inspect.LiteralType() | inspect.EnumType() | inspect.UnionType():
            return _either(_choices(form))
        case _:
            return _NOUNS[type(form)]


def _choices(form: inspect.LiteralType | inspect.EnumType | inspect.UnionType) -> list[str]:
    if isinstance(form, inspect.LiteralType):
        return [str(value) or '""' for value in form.values]
    if isinstance(form, inspect.EnumType):
        return [str(member.value) for member in form.cls]
    return [in_words(one) for one in form.types if not isinstance(one, inspect.NoneType)]


def _range(form: inspect.IntType | inspect.FloatType) -> str:
    if form.ge is not None and form.le is not None:
        return f"from {form.ge} to {form.le}"
    parts = {"of at least": form.ge, "above": form.gt, "at most": form.le, "below": form.lt}
    return " and ".join(f"{words} {bound}" for words, bound in parts.items() if bound is not None)


def _either(words: list[str]) -> str:
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _error(message: str, plain: object, kind: type, source: str) -> InvalidInputError:
    found, key = _PATH.search(message), _KEY.match(message)
    steps = [name or int(index) for name, index in _STEP.findall(found[1] if found else "")]
    value, form = plain, inspect.type_info(kind)
    for step in steps:
        value, form = cast("Any", value)[step], _inside(form, step)
    path = found[1].lstrip(".") if found else ""
    remedy = f"use {in_words(form)}"
    if key:
        path = f"{path}.{key[2]}".lstrip(".")
        if key[1] == "contains unknown":
            value = cast("dict[str, object]", value)[key[2]]
            remedy = f"there is no such setting: use {_either([field.encode_name for field in _fields(form)])}"
        else:
            value = None
            remedy = f"set it to {in_words(_inside(form, key[2]))}"
    return InvalidInputError(": ".join(filter(None, [source, path])), value, remedy)


def _inside(form: inspect.Type, step: str | int) -> inspect.Type:
    """Return the type of one field of a Struct, or of the items of a list."""
    if isinstance(form, inspect.Metadata):
        return _inside(form.type, step)
    if isinstance(form, inspect.VarTupleType):
        return form.item_type
    return next(field.type for field in _fields(form) if field.encode_name == step)


def _fields(form: inspect.Type) -> tuple[inspect.Field, ...]:
    return form.fields if isinstance(form, inspect.StructType) else ()
