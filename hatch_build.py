"""Build hook: the board's libraries, fetched from npm with their pinned integrity, go into wheel and sdist.

Without npm, or without a registry, the build goes on: the board's pages then say what is missing. An editable install
fetches nothing; `python -m tinyv_stream.board.assets` does.
"""

import importlib.util
import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Assets(BuildHookInterface):
    """Runs before a wheel or an sdist is built."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fetch what is missing, unless TINYV_BUILD_ASSETS=0."""
        if version == "editable" or os.environ.get("TINYV_BUILD_ASSETS") == "0":
            return
        path = Path(self.root) / "tinyv_stream" / "board" / "assets.py"
        spec = importlib.util.spec_from_file_location("tinyv_board_assets", path)
        if spec is None or spec.loader is None:
            raise RuntimeError(f"{path} cannot be loaded")
        assets = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(assets)
        try:
            if not assets.have_charts():
                assets.fetch()
        except OSError as exc:
            self.app.display_warning(f"the board is built without charts: npm is not there ({exc})")
        except RuntimeError as exc:
            if "is pinned" in str(exc):
                raise
            self.app.display_warning(f"the board is built without charts: {exc}")
        build_data["artifacts"] = [*build_data.get("artifacts", []), "tinyv_stream/board/static/vendor/**"]
