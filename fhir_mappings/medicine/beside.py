"""What a dosage says for which a line has no number, in the words of the page: when in the day, how often at most.

Nothing of it is reckoned with, and none of it is left out.
Source: FHIR R4, Dosage, Timing and the value sets EventTiming, DaysOfWeek and UnitsOfTime.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from fhir_mappings.elements import Element
from fhir_mappings.medicine.values import number, plain, quantity, words

__all__ = ["words_beside"]

_MOMENTS: Final = MappingProxyType(
    {
        "MORN": "morgen",
        "MORN.early": "tidlig morgen",
        "MORN.late": "sen formiddag",
        "NOON": "middag",
        "AFT": "eftermiddag",
        "AFT.early": "tidlig eftermiddag",
        "AFT.late": "sen eftermiddag",
        "EVE": "aften",
        "EVE.early": "tidlig aften",
        "EVE.late": "sen aften",
        "NIGHT": "nat",
        "HS": "ved sengetid",
        "PHS": "efter indsovning",
        "WAKE": "ved opvågning",
        "AC": "før et måltid",
        "ACM": "før morgenmad",
        "ACD": "før frokost",
        "ACV": "før aftensmad",
        "C": "til et måltid",
        "CM": "til morgenmad",
        "CD": "til frokost",
        "CV": "til aftensmad",
        "PC": "efter et måltid",
        "PCM": "efter morgenmad",
        "PCD": "efter frokost",
        "PCV": "efter aftensmad",
    }
)
_WEEKDAYS: Final = MappingProxyType(
    {
        "mon": "mandag",
        "tue": "tirsdag",
        "wed": "onsdag",
        "thu": "torsdag",
        "fri": "fredag",
        "sat": "lørdag",
        "sun": "søndag",
    }
)
_UNITS: Final = MappingProxyType(
    {
        "s": ("i sekundet", "sekunder"),
        "min": ("i minuttet", "minutter"),
        "h": ("i timen", "timer"),
        "d": ("dagligt", "dage"),
        "wk": ("om ugen", "uger"),
        "mo": ("om måneden", "måneder"),
        "a": ("om året", "år"),
    }
)
"""Each unit of time as ``in one``, and as many of it."""
_AROUND: Final = ("før ", "efter ")


def words_beside(row: Element, *, often: bool, amount: bool, route: str | None) -> tuple[str, ...]:
    """What ``row`` says beside its numbers, each once.

    Args:
        row: the Dosage.
        often: whether how often is not among the numbers.
        amount: whether how much is not among the numbers.
        route: another route than that of the line.
    """
    timing = row["timing"]
    found: tuple[str | None, ...] = (
        *(_amounts(row) if amount else ()),
        *_rates(row),
        *_repeat(timing["repeat"], often=often),
        *(f"den {_moment(each)}" for each in _strings(timing, "event")),
        words(timing["code"]),
        *_labelled("adm.vej", route),
        *_labelled("sted", words(row["site"])),
        *_labelled("metode", words(row["method"])),
        *_labelled("højst i alt", _amount(row["maxDosePerLifetime"])),
        *_labelled("højst ad gangen", _unread(row["maxDosePerAdministration"])),
        *_half_a_maximum(row["maxDosePerPeriod"]),
        *(f"forbehold: {each.text('url')}" for place in (row, timing) for each in place.all("modifierExtension")),
        row.text("patientInstruction"),
        *(words(each) for each in row.all("additionalInstruction")),
    )
    return tuple(dict.fromkeys(each.strip() for each in found if each is not None))


def _labelled(label: str, said: str | None) -> Iterator[str]:
    if said is not None:
        yield f"{label}: {said}"


def _amounts(row: Element) -> Iterator[str]:
    """Each amount with the sort that it is: a range, or one of two."""
    places = row.all("doseAndRate")
    for place in places:
        said = _amount(place["doseQuantity"]) or _range(place["doseRange"])
        kind = words(place["type"]) if len(places) > 1 else None
        if said is not None:
            yield f"dosis {said}" if kind is None else f"dosis {said} ({kind})"
    said = _amount(row["dose"])
    if said is not None:
        yield f"dosis {said}"


def _rates(row: Element) -> Iterator[str]:
    for place in (*row.all("doseAndRate"), row):
        said = _ratio(place["rateRatio"]) or _amount(place["rateQuantity"]) or _range(place["rateRange"])
        if said is not None:
            yield f"hastighed {said}"


def _repeat(repeat: Element, *, often: bool) -> Iterator[str]:
    if often:
        yield from _often(repeat)
    yield from _when(repeat)
    days = [_WEEKDAYS.get(code, code) for code in _strings(repeat, "dayOfWeek")]
    if days:
        yield ", ".join(days)
    clock = [text.removesuffix(":00") if text.count(":") > 1 else text for text in _strings(repeat, "timeOfDay")]
    if clock:
        yield f"kl. {', '.join(clock)}"
    count = _numbers(repeat, "count")
    if count is not None:
        yield f"i alt {count} {_times(count)}"
    lasting = _numbers(repeat, "duration")
    if lasting is not None:
        yield f"varighed {lasting} {_unit(repeat, 'durationUnit')}"
    bounds = _range(repeat["boundsRange"]) or _unread(repeat["boundsDuration"])
    if bounds is not None:
        yield f"varer {bounds}"


def _often(repeat: Element) -> Iterator[str]:
    """How often, where it is not one number of times in one number of days."""
    frequency, period, code = _numbers(repeat, "frequency"), _numbers(repeat, "period"), repeat.text("periodUnit") or ""
    said = [] if frequency is None else [f"{frequency} {_times(frequency)}"]
    if period == "1" and code in _UNITS:
        said.append(_UNITS[code][0])
    elif period is not None:
        said.append(f"pr. {period} {_unit(repeat, 'periodUnit')}")
    if said:
        yield " ".join(said)


def _when(repeat: Element) -> Iterator[str]:
    """The time of day or the meal, and how many minutes from it."""
    moments = [_MOMENTS.get(code, code) for code in _strings(repeat, "when")]
    said, offset = ", ".join(moments), number(repeat["offset"])
    if offset is None or not offset:
        yield from (said,) if said else ()
    elif said.startswith(_AROUND):
        yield f"{_plain(offset)} minutter {said}"
    else:
        yield f"{said} (forskudt {_plain(offset)} minutter)".strip()


def _numbers(place: Element, name: str) -> str | None:
    """A number, or that and the most of it: ``1-2``."""
    least, most = number(place[name]), number(place[f"{name}Max"])
    if least is None or most is None:
        return _plain(least) if least is not None else None if most is None else f"højst {_plain(most)}"
    return f"{_plain(least)}-{_plain(most)}"


def _times(said: str) -> str:
    return "gang" if said == "1" else "gange"


def _unit(repeat: Element, name: str) -> str:
    code = repeat.text(name) or ""
    return _UNITS[code][1] if code in _UNITS else code


def _range(place: Element) -> str | None:
    """``1-2 tablet``; where one end is not said, from or up to the other."""
    low, high = _amount(place["low"]), _amount(place["high"])
    if low is None or high is None:
        return f"mindst {low}" if low is not None else None if high is None else f"højst {high}"
    number_of, _, unit = low.partition(" ")
    return f"{number_of}-{high}" if high.endswith(f" {unit}") or not unit else f"{low}-{high}"


def _ratio(place: Element) -> str | None:
    numerator, denominator = _amount(place["numerator"]), _amount(place["denominator"])
    return numerator if numerator is None or denominator is None else f"{numerator} pr. {denominator}"


def _half_a_maximum(place: Element) -> Iterator[str]:
    """The most in a time that is not said, or not as a number."""
    if quantity(place["numerator"]) is None or quantity(place["denominator"]) is None:
        yield from _labelled("højst", _ratio(place))


def _amount(place: Element) -> str | None:
    """An amount as its sender wrote it."""
    value = number(place["value"])
    if value is None:
        return None
    unit = place.text("unit") or place.text("code") or ""
    return f"{place.text('comparator') or ''}{_plain(value)} {'' if unit == '1' else unit}".strip()


def _unread(place: Element) -> str | None:
    """An amount that is no number: ``<3 d``."""
    return _amount(place) if quantity(place) is None else None


def _plain(value: Decimal) -> str:
    return plain(value).replace(".", ",")


def _moment(text: str) -> str:
    """A day, or a day with its time."""
    day, _, time = text.partition("T")
    return f"{day} kl. {time[:5]}" if time else day


def _strings(place: Element, name: str) -> list[str]:
    return [text for each in place.all(name) if (text := each.string) is not None]
