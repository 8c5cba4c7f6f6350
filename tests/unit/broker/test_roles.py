"""Each script says on its first line who calls it, and says the truth: the ACL is made of these lines."""

import ast
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import get_args

import pytest

import tinyv_stream
from tinyv_stream.broker.acl import scripts_of
from tinyv_stream.broker.scripts import COMMON, ROLES, Role, parse_roles, roles_of, script_names, script_text
from tinyv_stream.types import Stage

LIBRARY = Path(tinyv_stream.__file__).parent
WORKERS = Path(str(find_spec("tinyv_stream_workers").submodule_search_locations[0]))  # type: ignore[union-attr,index]
BROKER = LIBRARY / "broker"
LINK, DESIRED, ASK = BROKER / "shard.py", BROKER / "desired_state.py", LIBRARY / "control" / "model.py"
FOLLOW, SETTINGS, HOSTS = WORKERS / "model_switch.py", BROKER / "settings.py", BROKER / "hosts.py"
CHANGE, SCALING = LIBRARY / "control" / "settings.py", LIBRARY / "control" / "scaling.py"
KEEPER = LIBRARY / "scale" / "keeper.py"
"""The one that asks for a desired state, with a trainer's or an operator's rights, and the one that follows it."""
MODULES: dict[Role, tuple[Path, ...]] = {
    "trainer": (LINK, BROKER / "trainer.py", ASK),
    "worker": (LINK, BROKER / "worker.py", FOLLOW, SETTINGS, HOSTS),
    "operator": (LINK, BROKER / "operator.py", ASK, SETTINGS, HOSTS),
}
BY_STATUS = {"read_clock"}
"""What a gateway and `model` run with a trainer's rights, by the operator's API."""
WRITTEN = sorted({*script_names(), *COMMON})


def calls(tree: ast.AST) -> set[str]:
    """Return the names of the scripts that are run in a piece of Python."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "script":
            name = node.args[0]
            assert isinstance(name, ast.Constant), f"line {node.lineno}: a script is called by its plain name"
            found.add(str(name.value))
    return found


def desired_functions(tree: ast.AST) -> set[str]:
    """Return what a piece of Python takes from desired_state.py."""
    imports = (
        n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module == "tinyv_stream.broker.desired_state"
    )
    return {name.name for statement in imports for name in statement.names}


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def called_by(role: Role) -> set[str]:
    functions = {f.name: calls(f) for f in parsed(DESIRED).body if isinstance(f, ast.AsyncFunctionDef)}
    found: set[str] = set()
    for path in MODULES[role]:
        tree = parsed(path)
        found |= calls(tree).union(*(functions.get(name, set()) for name in desired_functions(tree)))
    return found


def sources() -> Iterator[Path]:
    for folder in (LIBRARY, WORKERS):
        yield from folder.rglob("*.py")


@pytest.mark.parametrize("name", WRITTEN)
def test_every_script_names_its_roles_on_its_first_line(name: str) -> None:
    assert roles_of(name) <= set(ROLES)
    assert len(re.findall(r"(?m)^-- role:", script_text(name))) == 1


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_named_by_exactly_the_scripts_that_its_modules_call(role: Role) -> None:
    beside = BY_STATUS if role == "trainer" else set[str]()
    assert {name for name in script_names() if role in roles_of(name)} == called_by(role) | beside


def test_no_other_module_calls_a_script_or_tells_a_desired_state() -> None:
    known = {path for some in MODULES.values() for path in some} | {DESIRED}
    texts = {path: path.read_text() for path in sources()}
    assert {path for path, text in texts.items() if ".script(" in text} <= known
    assert {p for p, text in texts.items() if "broker.desired_state" in text} <= known | {CHANGE, SCALING, KEEPER}


def test_an_operator_may_run_all_and_the_others_what_they_call() -> None:
    assert scripts_of("operator") == script_names()
    assert scripts_of("trainer") == called_by("trainer") | BY_STATUS
    assert scripts_of("worker") == called_by("worker")


@pytest.mark.parametrize(
    "text", ["", "return 1\n", "-- Says this.\n-- role: worker\n", "-- role:\n", "-- roles: worker\n"]
)
def test_a_script_without_a_role_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^new\.lua: its first line must say who calls it"):
        parse_roles("new", text)


@pytest.mark.parametrize("said", ["boss", "worker, boss", "worker, ", "worker trainer"])
def test_a_script_with_an_unknown_role_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match=r"^new\.lua: no such role: `.*`; there are trainer, worker, operator$"):
        parse_roles("new", f"-- role: {said}\nreturn 1\n")


def test_one_table_names_the_stages() -> None:
    (table,) = re.findall(r"(?m)^local STAGE = \{ (.*) \}$", script_text(COMMON[0]))
    assert table == ", ".join(f"{stage} = '{stage}'" for stage in get_args(Stage))
    words = re.compile(rf"""['"](?:{"|".join(get_args(Stage))}|wait)\b""")
    for name in script_names():
        code = re.sub(r"(?m)--.*$", "", script_text(name))
        assert not words.search(code), f"{name}.lua names a stage by itself"


def test_no_script_reads_a_stream_entry_by_position() -> None:
    for name in script_names():
        assert not re.search(r"found\[1\]\[2\]\[", script_text(name)), name
