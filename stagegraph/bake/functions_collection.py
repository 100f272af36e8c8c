"""Functions of lists, sets, maps and objects.

Source: zclconf/go-cty cty/function/stdlib collection.go, sequence.go, set.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product

from stagegraph.bake.function import Function
from stagegraph.bake.operations import index
from stagegraph.bake.values import (
    ListValue,
    MapValue,
    SetValue,
    UnsuitableValueError,
    Value,
    equal,
    kind,
    set_of,
    to_integer,
    to_items,
    to_members,
    to_number,
    to_text,
    to_texts,
)

_MOST = 10_000  # elements that one function may make
_MOST_OF_RANGE = 1024


def _length(value: Value) -> Fraction:
    if not isinstance(value, (list, dict)):
        raise UnsuitableValueError(f"a list or a map is required, not a {kind(value)}")
    return Fraction(len(value))


def _concat(*lists: Value) -> Value:
    items = [item for one in lists for item in to_items(one)]
    return _like(items, all(isinstance(one, ListValue) for one in lists))


def _like(items: list[Value], is_list: bool) -> Value:
    if len(items) > _MOST:
        raise UnsuitableValueError("the result is too long")
    return ListValue(items) if is_list else items


def _coalesce(*values: Value) -> Value:
    for value in values:
        if value is not None:
            kinds = {kind(one) for one in values if one is not None}
            return to_text(value) if len(kinds) > 1 and "string" in kinds else value
    raise UnsuitableValueError("all arguments are null")


def _coalesce_list(*lists: Value) -> Value:
    for one in lists:
        if one is not None and to_items(one):
            return one
    raise UnsuitableValueError("all arguments are empty")


def _chunks(value: Value, size: Value) -> Value:
    items, count = to_items(value), to_integer(size)
    if count < 0:
        raise UnsuitableValueError("the size of chunks cannot be negative")
    if not items or not count:
        return ListValue([ListValue(items)] if items else [])
    return ListValue(ListValue(items[start : start + count]) for start in range(0, len(items), count))


def _distinct(value: Value) -> ListValue:
    unique: list[Value] = []
    seen: set[Value] = set()
    for item in to_items(value):
        if isinstance(item, str):
            if item not in seen:
                unique.append(item)
            seen.add(item)
        elif not any(equal(item, other) for other in unique):
            unique.append(item)
    return ListValue(unique)


def _element(value: Value, place: Value) -> Value:
    items = to_items(value)
    if not items:
        raise UnsuitableValueError("an empty list has no elements")
    return items[to_integer(place) % len(items)]


def _flatten(value: Value) -> list[Value]:
    result: list[Value] = []
    waiting = [iter(to_items(value))]
    while waiting:
        for item in waiting[-1]:
            if isinstance(item, list):
                waiting.append(iter(item))
                break
            result.append(item)
        else:
            waiting.pop()
    return _like(result, False)  # type: ignore[no-any-return]


def _has_index(value: Value, key: Value) -> bool:
    try:
        index(value, key)
    except UnsuitableValueError:
        return False
    return True


def _index_of(value: Value, wanted: Value) -> Fraction:
    for place, item in enumerate(to_items(value)):
        if equal(item, wanted):
            return Fraction(place)
    raise UnsuitableValueError("the list does not have this element")


def _lookup(value: Value, key: Value, *default: Value) -> Value:
    members = to_members(value)
    if to_text(key) in members:
        return members[to_text(key)]
    if not default:
        raise UnsuitableValueError(f"there is no element with the key {to_text(key)}, and no default")
    return default[0]


def _merge(*values: Value) -> Value:
    result: dict[str, Value] = {}
    for value in values:
        result |= to_members(value) if value is not None else {}
    maps = bool(values) and all(isinstance(value, MapValue) for value in values)
    return MapValue(result) if maps else result


def _range(*bounds: Value) -> ListValue:
    numbers = [to_number(bound) for bound in bounds]
    start, end = (Fraction(0), numbers[0]) if len(numbers) == 1 else (numbers[0], numbers[1])
    step = numbers[2] if len(numbers) == 3 else Fraction(1 if start <= end else -1)
    if not step or (step > 0) != (start <= end):
        raise UnsuitableValueError("the step of a range must lead from its start to its end")
    if abs(end - start) / abs(step) > _MOST_OF_RANGE:
        raise UnsuitableValueError(f"a range has at most {_MOST_OF_RANGE} numbers")
    items = ListValue()
    while (start < end) if step > 0 else (start > end):
        items.append(start)
        start += step
    return items


def _slice(value: Value, start: Value, end: Value) -> Value:
    items, first, last = to_items(value), to_integer(start), to_integer(end)
    if not 0 <= first <= last <= len(items):
        raise UnsuitableValueError("the start or the end of a slice is out of range")
    return _like(items[first:last], isinstance(value, ListValue))


def _zip_map(keys: Value, values: Value) -> Value:
    names, items = to_texts(keys), to_items(values)
    if len(names) != len(items):
        raise UnsuitableValueError(f"there are {len(names)} keys and {len(items)} values")
    members = dict(zip(names, items, strict=True))
    return MapValue(members) if isinstance(values, ListValue) else members


def _set_product(*sets: Value) -> Value:
    items = [to_items(one) for one in sets]
    size = 1
    for one in items:
        size *= len(one)
    if size > _MOST:
        raise UnsuitableValueError("the product has too many elements")
    return ListValue(list(one) for one in product(*items))


def _in(item: Value, items: list[Value]) -> bool:
    return any(equal(item, other) for other in items)


def _intersection(first: Value, *others: Value) -> SetValue:
    return set_of([item for item in to_items(first) if all(_in(item, to_items(one)) for one in others)])


def _difference(first: Value, second: Value) -> SetValue:
    return set_of([item for item in to_items(first) if not _in(item, to_items(second))])


def _symmetric(first: Value, *others: Value) -> SetValue:
    result = set_of(to_items(first))
    for one in others:
        result = set_of([*_difference(result, one), *_difference(one, result)])
    return result


def _union(*sets: Value) -> SetValue:
    return set_of(_like([item for one in sets for item in to_items(one)], False))


def _sorted_values(value: Value) -> Iterator[Value]:
    return iter(to_members(value).values())


FUNCTIONS = {
    "chunklist": Function(_chunks, 2, 2),
    "coalesce": Function(_coalesce, 1, None, nulls=True),
    "coalescelist": Function(_coalesce_list, 1, None, nulls=True),
    "concat": Function(_concat, 1, None),
    "contains": Function(lambda a, b: _in(b, to_items(a)), 2, 2),
    "distinct": Function(_distinct, 1, 1),
    "element": Function(_element, 2, 2),
    "flatten": Function(_flatten, 1, 1),
    "hasindex": Function(_has_index, 2, 2),
    "index": Function(index, 2, 2),
    "indexof": Function(_index_of, 2, 2),
    "keys": Function(lambda a: ListValue(to_members(a)), 1, 1),
    "length": Function(_length, 1, 1),
    "lookup": Function(_lookup, 2, 3),
    "merge": Function(_merge, 0, None, nulls=True),
    "range": Function(_range, 1, 3),
    "reverselist": Function(lambda a: _like(to_items(a)[::-1], isinstance(a, ListValue)), 1, 1),
    "sethaselement": Function(lambda a, b: _in(b, to_items(a)), 2, 2),
    "setintersection": Function(_intersection, 1, None),
    "setproduct": Function(_set_product, 1, None),
    "setsubtract": Function(_difference, 2, 2),
    "setsymmetricdifference": Function(_symmetric, 1, None),
    "setunion": Function(_union, 1, None),
    "slice": Function(_slice, 3, 3),
    "values": Function(lambda a: ListValue(_sorted_values(a)), 1, 1),
    "zipmap": Function(_zip_map, 2, 2),
}
