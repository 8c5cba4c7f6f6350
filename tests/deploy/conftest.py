"""Tests of what places workers elsewhere; they need tools of their own, which `make test-deploy` installs."""

from importlib.util import find_spec

NEEDS = {
    "test_chart.py": ("helm_python", "kubernetes_validate", "cloudcoil"),
    "test_image.py": ("dockerfile_parse",),
    "test_scripts.py": ("dockerfile_parse",),
}

collect_ignore = [name for name, modules in NEEDS.items() if any(find_spec(module) is None for module in modules)]
