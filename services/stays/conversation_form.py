"""The form of a care message: what was written, what was attached, and what was wrong with it."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Final

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from discharge.commands import NewFile
from discharge.drafting import LARGEST_FILE, LONGEST_MESSAGE, MOST_FILES
from discharge.errors import LetterError
from discharge.identifiers import MessageId
from discharge.letter import Category, media_type_of
from services.web.forms import FieldError, Form
from services.web.language import Language

__all__ = [
    "MessageForm",
    "file_labels",
    "files_of",
    "form_of",
    "read_category",
    "read_form",
    "read_message_id",
    "refuse_letter",
]

_FIELDS: Final = 20
_TITLE: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageForm:
    """The texts of the form that was sent, and what was wrong with them."""

    draft: str
    text: str = ""
    phone: str = ""
    topic: str = ""
    category: str = ""
    recipient: str = ""
    about: str = ""
    errors: Mapping[str, FieldError] = field(default_factory=dict)

    @classmethod
    def blank(cls, phone: str) -> MessageForm:
        """A new form with an id of its own: however often it is sent, it makes one message."""
        return cls(draft=str(uuid.uuid4()), phone=phone)


@asynccontextmanager
async def read_form(request: Request) -> AsyncIterator[FormData]:
    """The form with its files, as long as somebody looks at it; there are never many fields."""
    largest = 4 * LONGEST_MESSAGE + 1024
    async with request.form(max_files=MOST_FILES + 1, max_fields=_FIELDS, max_part_size=largest) as data:
        yield data


def form_of(data: FormData) -> MessageForm:
    """The texts of the form."""

    def said(name: str, longest: int = 200) -> str:
        value = data.get(name)
        return value.replace("\x00", "").strip()[:longest] if isinstance(value, str) else ""

    return MessageForm(
        draft=_draft(said("draft")),
        # One more than is allowed, so that too much is noticed and nothing is cut in silence.
        text=unicodedata.normalize("NFC", said("text", LONGEST_MESSAGE + 1)),
        phone=said("phone"),
        topic=unicodedata.normalize("NFC", said("topic")),
        category=said("category"),
        recipient=said("recipient"),
        about=said("about"),
    )


def _draft(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return str(uuid.uuid4())


async def files_of(data: FormData, form: Form) -> tuple[tuple[NewFile, ...], int]:
    """The files of the form, and the status to refuse it with when one of them will not do."""
    label, t = form.lang.text("Filer"), form.lang.text
    status = 0
    found = []
    uploads = [each for each in data.getlist("files") if isinstance(each, UploadFile) and (each.filename or each.size)]
    if len(uploads) > MOST_FILES:
        form.refuse("files", label, t("Højst {n} filer ad gangen.").format(n=MOST_FILES))
        return (), 413
    for each in uploads:
        title, shown = _title(each.filename or ""), _printable(PurePath((each.filename or "").replace("\\", "/")).name)
        if (each.size or 0) > LARGEST_FILE:
            form.refuse("files", label, t("„{title}“ er for stor. En fil må højst fylde 5 MB.").format(title=shown))
            status = status or 413
            continue
        content = await each.read()
        kind = media_type_of(content)
        if kind is None:
            words = t("„{title}“ kan ikke vedhæftes. Vælg en pdf eller et billede: png, jpeg, gif, tiff eller bmp.")
            form.refuse("files", label, words.format(title=shown))
            status = status or 415
            continue
        found.append(NewFile(title=title, media_type=kind, content=content))
    return tuple(found), status


def _title(name: str) -> str:
    """The file's name without folder and suffix: the type is told apart from it."""
    stem = PurePath(name.replace("\\", "/")).stem
    return _printable(stem)


def _printable(name: str) -> str:
    clean = "".join(letter for letter in unicodedata.normalize("NFC", name) if letter.isprintable()).strip()
    return clean[:_TITLE] or "Fil"


def read_category(text: str) -> Category | None:
    """The category that was chosen."""
    return Category(text) if text in set(Category) else None


def read_message_id(text: str) -> MessageId | None:
    """The message that an answer is to."""
    return MessageId(text) if text else None


def file_labels(lang: Language, *, again: bool = False) -> str:
    """What may be attached, in words; and after a refusal that no browser keeps what was chosen."""
    said = lang.text("Pdf eller billeder, højst {n} filer på 5 MB.").format(n=MOST_FILES)
    return f"{said} {lang.text('Filer, du havde valgt, skal vælges igen.')}" if again else said


def refuse_letter(error: LetterError, form: Form) -> None:
    """What the domain refuses, said at the field."""
    t = form.lang.text
    said = {
        "recipient": (t("Til"), t("Vælg, hvem du skriver til.")),
        "category": (t("Kategori"), t("Vælg, hvad det handler om.")),
        "topic": (t("Emne"), t("Skriv et emne, når kategorien er Andet.")),
        "text": (t("Besked"), t("Skriv din besked.")),
        "phone": (t("Dit telefonnummer"), t("Skriv et telefonnummer, for eksempel 70 00 01 01.")),
        "files": (t("Filer"), t("En af filerne kan ikke sendes. Vælg dem igen.")),
    }
    if error.element == "text" and error.problem == "too long":
        form.refuse("text", t("Besked"), t("Beskeden er for lang. Skriv højst 20.000 tegn, eller vedhæft en fil."))
    elif error.element == "recipient" and error.problem == "no location number":
        words = t("Modtageren kan ikke få beskeder herfra: den mangler et lokationsnummer. Ring i stedet.")
        form.refuse("recipient", t("Til"), words)
    label, words = said.get(error.element, (t("Besked"), t("Beskeden kan ikke sendes sådan.")))
    form.refuse(error.element if error.element in said else "text", label, words)
