"""A list of tasks as a page: counters that filter, what nobody has taken, what is taken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from discharge.directory import Directory
from services.persistence.views import Show, StayView, TaskCard, TaskList, TaskRecord
from services.web.cards import Card, Reader, card_of, place_name
from services.web.dates import clock_time
from services.web.language import Language
from services.web.presentation import sort_key

__all__ = [
    "Empty",
    "Filter",
    "Phone",
    "Section",
    "filters_of",
    "phone_of",
    "phones_of",
    "place_in_list",
    "sections_of",
    "sort_text",
]

_PHONES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A counter: a number, a word, the rule behind it."""

    key: str
    href: str
    number: int
    word: str
    rule: str
    is_current: bool
    is_late: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Empty:
    """What a list says when it has nothing to show, and the way on."""

    icon: str
    title: str
    text: str
    href: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A list under one heading; each card with the text that the page's script sorts by."""

    key: str
    word: str
    cards: tuple[tuple[str, Card], ...]
    empty: Empty | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """Who answers for a patient now."""

    place: str
    number: str
    about: str

    @property
    def dial(self) -> str:
        """The number without spaces."""
        return self.number.replace(" ", "")


def filters_of(view: TaskList, lang: Language, path: str) -> tuple[Filter, ...]:
    """The counters of the page head."""
    t = lang.text
    said = {
        Show.UNOWNED: (t("uden ejer"), t("Opgaver, som ingen har taget endnu")),
        Show.LATE: (t("over tid"), t("En frist er passeret, og opgaven er ikke taget eller ikke udført")),
        Show.MINE: (t("mine"), t("Opgaver, du har taget og ikke har udført")),
        Show.GROUP: (t("hele gruppen"), t("Alle åbne opgaver hos jer, med og uden ejer")),
        Show.DONE: (t("udført i dag"), t("Opgaver, som er markeret udført siden midnat")),
    }
    return tuple(
        Filter(
            key=show.value,
            href=path if show is Show.GROUP else f"{path}?show={show.value}",
            number=view.counts.of(show),
            word=said[show][0],
            rule=said[show][1],
            is_current=show is view.show,
            is_late=show is Show.LATE,
        )
        for show in Show
    )


def place_in_list(record: TaskRecord, now: datetime) -> tuple[float, ...]:
    """What a list of several pages is sorted by: what nobody has taken, then the rest, each as its section is."""
    return (not record.task.is_unanswered, *sort_key(record, now))


def sort_text(card: TaskCard, reader: Reader) -> str:
    """The place of a card in its list, as text that sorts the same way."""
    level, undated, due, arrival = sort_key(card.record, reader.now)
    # In hexadecimal, so that no text of ten digits stands in a page.
    return f"{level}-{undated:d}-{int(due):09x}-{int(arrival):09x}"


def sections_of(view: TaskList, reader: Reader, path: str) -> tuple[Section, ...]:
    """What nobody has taken, then what is taken; one section when a counter filters."""
    t = reader.lang.text
    pairs = sorted(((sort_text(card, reader), card_of(card, reader)) for card in view.cards), key=lambda pair: pair[0])
    if view.show is not Show.GROUP:
        words = {found.key: found for found in filters_of(view, reader.lang, path)}
        current = words[view.show.value]
        empty = None
        if not pairs:
            hidden = view.counts.group
            empty = Empty(
                icon="inbox",
                title=t("Ingen passer til „{filter}“").format(filter=current.word),
                text=reader.lang.choose(
                    hidden, "1 opgave er skjult af filteret.", "{n} opgaver er skjult af filteret."
                ),
                href=path,
                action=t("Ryd filter"),
            )
        heading = current.word[:1].upper() + current.word[1:]
        return (Section(key="only", word=heading, cards=tuple(pairs), empty=empty),)
    free = tuple(pair for pair in pairs if not pair[1].is_small)
    taken = tuple(pair for pair in pairs if pair[1].is_small)
    mine = view.counts.mine
    all_taken = Empty(
        icon="check",
        title=t("Alle opgaver er taget"),
        text=t("Sidst hentet kl. {at}. Nye kommer af sig selv.").format(at=clock_time(view.now, reader.lang)),
        href=f"{path}?show={Show.MINE.value}" if mine else "",
        action=t("Vis mine {n}").format(n=mine) if mine else "",
    )
    first = Section(key="free", word=t("Ingen har taget"), cards=free, empty=None if free else all_taken)
    second = Section(key="taken", word=t("Taget"), cards=taken)
    if taken and not free and view.counts.unowned:
        # A later page: those that nobody has taken stand on the pages before it.
        return (second,)
    return (first, second) if taken else (first,)


def phones_of(cards: tuple[TaskCard, ...], directory: Directory, lang: Language) -> tuple[Phone, ...]:
    """The wards that answer for the first patients of the list, each once."""
    found: dict[str, Phone] = {}
    for context in (card.context for card in cards):
        phone = None if context is None else phone_of(context, directory, lang)
        if phone is not None:
            found.setdefault(phone.number, phone)
    return tuple(found.values())[:_PHONES]


def phone_of(context: StayView, directory: Directory, lang: Language) -> Phone | None:
    """Whom to call about one stay, when the ward has said."""
    number = context.stay.plan.contact_phone
    if number is None:
        return None
    about = lang.text("Svarer på spørgsmål om indlæggelsen")
    return Phone(place=place_name(context.stay.ward, directory), number=number, about=about)
