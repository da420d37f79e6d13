"""Fixtures for all tests; what belongs together stands in a module of its own."""

pytest_plugins = ["hook_repo", "repositories"]
