"""Deliveries become examples, or rows with a reason why they are none."""

from collections.abc import Mapping

from pydantic import ValidationError

from loop.example import Example
from loop.fulfil.source import Delivery
from loop.records import Rejected, RequestItem


def read(
    delivery: Delivery, item: RequestItem, origin: str, twice: bool = False
) -> Example | Rejected:
    """Read one delivery.

    Args:
        delivery: Anything at all may stand in it.
        item: What was asked for.
        origin: Goes into the example.
        twice: Whether a delivery of that id came before.

    Returns:
        The example, or why it is none.
    """

    def rejected(reason: str, detail: str) -> Rejected:
        return Rejected(
            reason=reason,
            detail=detail,
            file=origin,
            category=item.category,
            raw=repr(delivery.raw)[:2000],
        )

    raw = delivery.raw
    if twice:
        return rejected("delivered_twice", f"{origin} came before")
    ours = {"source": delivery.source, "origin": origin}
    if isinstance(raw, Example):
        return raw.model_copy(update=ours)
    if not isinstance(raw, Mapping):
        return rejected("not_an_object", f"a {type(raw).__name__}, not an object")
    # Nobody grades his own work: a score here would pass for one that was measured.
    fields = {name: value for name, value in raw.items() if name != "quality"}
    asked = {"category": item.category, "tier": item.tier}
    try:
        example = Example.model_validate({**asked, **fields, **ours})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        return rejected("bad_field", f"{place}: {first['msg']}")
    if (example.category, example.tier) != (item.category, item.tier):
        return rejected(
            "not_as_asked",
            f"{example.category}/{example.tier} for {item.category}/{item.tier}",
        )
    return example
