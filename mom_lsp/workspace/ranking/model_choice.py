"""Which weights rank a request: the ones `mom tune` learned here, or the shipped ones; both scaled by the settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mom_lsp.memory import TERMS
from mom_lsp.route.linear_model import LinearModel, Mode, read_model, shipped
from mom_lsp.settings import Settings


def shipped_model(mode: Mode, settings: Settings) -> LinearModel:
    """Return the shipped model of a mode with the user's multipliers."""
    return _with_user_weights(shipped(mode), settings)


def editing_model(tuned: Mapping[str, Any], settings: Settings, *, encoded: bool) -> LinearModel:
    """Return the model for the place of an edit.

    Args:
        tuned: the weights that `mom tune` learned, by mode.
        settings: of the workspace.
        encoded: whether there are vectors; without them other weights are best.
    """
    modes: tuple[Mode, ...] = ("editing",) if encoded else ("unencoded", "editing")
    learned = (read_model(tuned.get(mode, {})) for mode in modes)
    return _with_user_weights(next(filter(None, learned), None) or shipped(modes[0]), settings)


def _with_user_weights(model: LinearModel, settings: Settings) -> LinearModel:
    return model.scaled({term: getattr(settings.weights, term) for term in TERMS})
