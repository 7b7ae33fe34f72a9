"""Rows of JSON as typed values, by two readings: a quick one for rows as they should be, a patient one for the others.

The quick one takes numbers as numbers at once, however they are written. Where it fails, the row is read again with
its numbers as they stand, so that one bad number costs only itself.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeAlias, TypeVar

import msgspec
from msgspec.inspect import is_struct_type
from msgspec.structs import FieldInfo, fields

T = TypeVar("T")

Decimal: TypeAlias = str | int | float | None
"""How venues write numbers: decimal strings, numbers, empty strings, null."""

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What is raised for bytes that are not of the shape."""


def row(raw: msgspec.Raw, shape: type[T]) -> T | None:
    """One row as that shape; None where it is not."""
    return reader(shape)(raw)


def reader(shape: type[T]) -> Callable[[msgspec.Raw], T | None]:
    """What reads rows of that shape, for those who read many."""
    key: object = shape
    quick: msgspec.json.Decoder[T]
    patient: msgspec.json.Decoder[T]
    quick, patient = _decoders(key)

    def read(raw: msgspec.Raw) -> T | None:
        try:
            return quick.decode(raw)
        except UNREADABLE:
            return None if patient is quick else _decoded(raw, patient)

    return read


def _decoded(raw: msgspec.Raw, decoder: msgspec.json.Decoder[T]) -> T | None:
    try:
        return decoder.decode(raw)
    except UNREADABLE:
        return None


@cache
def _decoders(shape: object) -> tuple[msgspec.json.Decoder[Any], msgspec.json.Decoder[Any]]:
    """The quick one and the patient one, which are the same where the shape has no numbers under names."""
    patient: msgspec.json.Decoder[Any] = msgspec.json.Decoder(shape, strict=False)
    if not is_struct_type(shape) or shape.__struct_config__.array_like:
        return patient, patient
    numbers = [each for each in fields(shape) if each.type == Decimal]
    return (msgspec.json.Decoder(_quick(shape, numbers), strict=False) if numbers else patient), patient


def _quick(shape: type[msgspec.Struct], numbers: Sequence[FieldInfo]) -> type[msgspec.Struct]:
    """The shape with those fields as numbers, under the same names."""
    typed = [(each.name, float | None, msgspec.field(name=each.encode_name, default=each.default)) for each in numbers]
    return msgspec.defstruct(shape.__name__, typed, bases=(shape,))
