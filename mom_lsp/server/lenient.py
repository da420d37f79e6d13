"""Lenient reading of the client's JSON: unknown, invalid and missing values are skipped, so that the rest is handled.

An optional property that is invalid or null counts as absent; an invalid element of a list is left out; a number out
of range is clamped; a required object or list that is invalid is replaced by an empty one. An object that lacks any
other required property is invalid itself; invalid `params` make the message invalid.
"""

from __future__ import annotations

import collections.abc
from collections.abc import Callable
from enum import Enum
from typing import Any, get_args, get_origin

import attrs
import cattrs
from cattrs.errors import BaseValidationError, StructureHandlerNotFoundError
from lsprotocol import types, validators

Read = Callable[[Any, Any], Any]

# Raised by the hooks of cattrs and lsprotocol for JSON of an unexpected shape.
_FAILURES = (
    ArithmeticError,
    AttributeError,
    BaseValidationError,
    LookupError,
    StructureHandlerNotFoundError,
    TypeError,
    ValueError,
)
_RANGES: dict[Any, tuple[int, int]] = {
    validators.integer_validator: (validators.INTEGER_MIN_VALUE, validators.INTEGER_MAX_VALUE),
    validators.uinteger_validator: (validators.UINTEGER_MIN_VALUE, validators.UINTEGER_MAX_VALUE),
}

_DEFAULTS = {"version": 0, "languageId": "", "name": ""}  # of required properties that nothing here depends on
_VERBS = ("is ", "cannot ")  # beginnings of the reasons


class Unreadable(ValueError):
    """A value that cannot be read; the message names the part and the reason."""


class LenientReader:
    """Reads JSON as types of lsprotocol, by hooks added to pygls' converter; writing is unchanged."""

    def __init__(self, converter: cattrs.Converter) -> None:
        self.converter = converter
        converter.register_structure_hook_factory(attrs.has, self._object_hook)
        converter.register_structure_hook_factory(_is_list, self._list_hook)
        for kind in (str, bool, int):
            converter.register_structure_hook(kind, _exactly)

    def read(self, value: Any, kind: Any) -> Any:
        """Return a value as a type of lsprotocol. Raises Unreadable."""
        try:
            return self.converter.structure(value, kind)
        except _FAILURES as error:
            if isinstance(value, dict) and None in value.values():
                return self.read({name: given for name, given in value.items() if given is not None}, kind)
            raise error if isinstance(error, Unreadable) else Unreadable("cannot be read") from error

    def _object_hook(self, cls: Any) -> Read:
        fields = [(_json_name(field.name), field) for field in attrs.fields(cls) if field.init]

        def read(value: Any, _: Any) -> Any:
            if not isinstance(value, dict):
                raise Unreadable(f"is not a {cls.__name__}")
            given = {field.alias: self._property(value, name, field) for name, field in fields}
            return cls(**{name: found for name, found in given.items() if found is not attrs.NOTHING})

        return read

    def _property(self, value: dict[str, Any], name: str, field: attrs.Attribute[Any]) -> Any:
        """Return a property of an object, NOTHING for its default."""
        try:
            if name not in value:
                raise Unreadable("is missing")
            return _in_range(field, self.read(value[name], field.type))
        except Unreadable as error:
            if field.default is not attrs.NOTHING:
                return attrs.NOTHING
            try:
                return self.read(_DEFAULTS.get(name, _empty(field.type)), field.type)
            except Unreadable:
                raise Unreadable(f"{name}{' ' if str(error).startswith(_VERBS) else '.'}{error}") from error

    def _list_hook(self, kind: Any) -> Read:
        (element,) = get_args(kind)

        def read(value: Any, _: Any) -> Any:
            if not isinstance(value, list):
                raise Unreadable("is not a list")
            found = (self._element(one, element) for one in value)
            return tuple(one for one in found if one is not attrs.NOTHING)

        return read

    def _element(self, value: Any, kind: Any) -> Any:
        """Return an element of a list, NOTHING if it is to be left out."""
        try:
            return self.read(value, kind)
        except Unreadable:
            if _is_change(kind):
                raise
            return attrs.NOTHING


def _empty(kind: Any) -> Any:
    """Return the replacement of an invalid required object or list, None if there is none."""
    if _is_list(kind):
        return None if _is_change(*get_args(kind)) else []
    return {} if isinstance(kind, type) and attrs.has(kind) else None


def _is_change(kind: Any) -> bool:
    """Return whether this is the type of a text change: leaving one out would make all later lines wrong."""
    return types.TextDocumentContentChangePartial in get_args(kind)


def _in_range(field: attrs.Attribute[Any], value: Any) -> Any:
    check: Any = field.validator
    limits = _RANGES.get(getattr(check, "validator", check))  # that of an optional property wraps another
    return min(max(value, limits[0]), limits[1]) if limits and type(value) is int else value


def _exactly(value: Any, kind: Any) -> Any:
    """Return a string, boolean, integer or enumeration member as it is; some encoders write 3.0 for 3."""
    if issubclass(kind, Enum):
        return kind(value)
    if kind is int and type(value) is float and value.is_integer():
        return int(value)
    if type(value) is not kind:
        raise Unreadable(f"is not a {kind.__name__}")
    return value


def _is_list(kind: Any) -> bool:
    return get_origin(kind) in (collections.abc.Sequence, list)


def _json_name(name: str) -> str:
    first, *others = name.removesuffix("_").split("_")
    return first + "".join(part.title() for part in others)
