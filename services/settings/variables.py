"""From the names of settings to variables, and from variables and files to values."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource
from typing_extensions import override

__all__ = ["FILE_SUFFIX", "PREFIX", "Group", "Leaf", "SecretFiles", "SettingsError", "leaves", "put", "required"]

PREFIX = "STAFET_"
FILE_SUFFIX = "_FILE"


class SettingsError(Exception):
    """The environment does not describe an installation that can run; the text says which variable and why."""


class Group(BaseModel):
    """Settings that share the first word of their variables; frozen."""

    model_config = ConfigDict(frozen=True, extra="ignore")


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One setting: where it stands in the tree, and how it is declared."""

    path: tuple[str, ...]
    field: FieldInfo

    @property
    def variable(self) -> str:
        """The variable that sets it."""
        return PREFIX + "_".join(self.path).upper()

    @property
    def file_variable(self) -> str:
        """The variable that names a file with its value, when it is a secret."""
        return self.variable + FILE_SUFFIX

    def read(self, path: str) -> str:
        """The value that stands in a file.

        Raises:
            SettingsError: when the file cannot be read.
        """
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SettingsError(f"{self.file_variable}: cannot read {path}: {error.strerror}") from error

    @property
    def secret(self) -> bool:
        """True when its value is shown to nobody."""
        annotation = self.field.annotation
        options = get_args(annotation) if get_origin(annotation) in {Union, UnionType} else (annotation,)
        return SecretStr in options


def leaves(model: type[BaseModel]) -> Iterator[Leaf]:
    """Every setting below a model of settings, in order."""
    for name, field in model.model_fields.items():
        group = field.annotation
        if isinstance(group, type) and issubclass(group, Group):
            for inner, inner_field in group.model_fields.items():
                yield Leaf(path=(name, inner), field=inner_field)
        else:
            yield Leaf(path=(name,), field=field)


class SecretFiles(PydanticBaseSettingsSource):
    """Secrets out of the files that `<VARIABLE>_FILE` names."""

    @override
    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[object, str, bool]:
        return None, field_name, False

    @override
    def __call__(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for leaf in leaves(self.settings_cls):
            if leaf.secret and os.environ.get(leaf.file_variable):
                put(found, leaf.path, leaf.read(os.environ[leaf.file_variable]))
        return found


def required(value: SecretStr | None, variable: str) -> str:
    """The secret in clear text.

    Raises:
        SettingsError: when it is not set.
    """
    if value is None:
        raise SettingsError(f"{variable} is not set; set it, or {variable}{FILE_SUFFIX} to a file that holds it")
    return value.get_secret_value()


def put(tree: dict[str, Any], path: tuple[str, ...], value: str) -> None:
    """Sets one value in a tree of settings."""
    for name in path[:-1]:
        tree = tree.setdefault(name, {})
    tree[path[-1]] = value
