"""The commands of ``stafet agreement`` that need files alone; each imports what it needs when it is called."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["OneAgreement", "agreement"]

Agreements = Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="Agreements and layers, YAML.")]
OneAgreement = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="An agreement or a layer, YAML.")]
agreement = typer.Typer(help="Look at health agreements before they count.", no_args_is_help=True)


@agreement.command("check")
def check_agreements(files: Agreements) -> None:
    """Check agreements and layers, a line per finding; exit 1 when one would be refused."""
    from services.agreements.showing import check_files

    lines, sound = check_files(files)
    for line in lines:
        typer.echo(line)
    if not sound:
        raise typer.Exit(1)


@agreement.command("diff")
def compare_agreements(before: OneAgreement, after: OneAgreement) -> None:
    """Say what differs between two agreements, by rule and field."""
    from services.agreements.showing import compare_files

    for line in compare_files(before, after):
        typer.echo(line)


@agreement.command("fhir")
def print_plan_definition(file: OneAgreement) -> None:
    """Print an agreement as a FHIR PlanDefinition, which can be checked and loaded like the file."""
    from services.agreements.showing import resource_text

    typer.echo(resource_text(file))


@agreement.command("schema")
def print_schema() -> None:
    """Print the JSON Schema of agreement files."""
    from services.agreements.schema import schema_text

    typer.echo(schema_text(), nl=False)
