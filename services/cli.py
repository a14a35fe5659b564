"""The commands of `stafet`; each imports what it needs when it is called, so that `stafet --help` answers at once."""

import sys
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.agreements.commands import OneAgreement, agreement
from services.memory import collect_seldom

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from services.persistence.database import Database
    from services.settings import Settings

__all__ = ["main"]

DEFAULT_HOME = Path(".stafet")

app = typer.Typer(
    name="stafet",
    help="The relay of a discharge: from ward to municipality to general practitioner.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
load = typer.Typer(help="Add or replace master data; may be repeated.", no_args_is_help=True)
app.add_typer(load, name="load")
app.add_typer(agreement, name="agreement")

Home = Annotated[Path | None, typer.Option(help="The folder of a running or stopped demo.")]
OneFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The file to load.")]
After = Annotated[Path | None, typer.Option(hidden=True, help="Begin when this file exists.")]
Files = Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="Message files, JSON.")]
Days = Annotated[int, typer.Option(min=1, max=3660, help="How many days back.")]
Csv = Annotated[Path | None, typer.Option(help="Also write every row to this file.")]


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="Port of the pages and of the FHIR door.")] = 8000,
    home: Annotated[Path, typer.Option(help="Folder that keeps the demo's data.")] = DEFAULT_HOME,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    empty: Annotated[bool, typer.Option("--empty", help="Organisations and agreement, but no citizens.")] = False,
    now: Annotated[str | None, typer.Option(help="Where the demo's clock starts, ISO 8601 with offset.")] = None,
) -> None:
    """Start everything on this machine, with lifelike data."""
    from rich.console import Console

    from services.demo.supervisor import DemoOptions, run_demo
    from services.demo.welcome import show_welcome
    from services.settings import load_settings

    console = Console(highlight=False)
    options = DemoOptions(home=home, host=host, port=port, empty=empty, now=_instant(now))
    run_demo(
        options,
        load_settings(),
        say=lambda line: console.print(line, markup=False),
        ready=lambda folder: show_welcome(console, folder, port),
    )


@app.command()
def serve(after: After = None) -> None:
    """Run one web process; settings come from STAFET_*."""
    # Before the imports: of what they make, nothing is garbage.
    collect_seldom()
    from services.bootstrap import create_app
    from services.observability import configure_logging
    from services.settings import load_settings
    from services.web.server import server_for

    settings = load_settings()
    configure_logging(settings.log_level)
    _wait_for(after)
    web = create_app(settings)
    server_for(web, web.state.runtime).run()


@app.command()
def worker(after: After = None) -> None:
    """Run one worker; settings come from STAFET_*."""
    collect_seldom()
    from services.bootstrap import run_worker
    from services.observability import configure_logging
    from services.settings import load_settings

    settings = load_settings()
    configure_logging(settings.log_level)
    _wait_for(after)
    run_worker(settings)


@app.command()
def migrate() -> None:
    """Bring the schema up to date while old processes keep running."""
    from services.bootstrap import migrate as bring_up_to_date
    from services.settings import load_settings

    bring_up_to_date(load_settings())


@load.command("organizations")
def load_organizations(file: OneFile, home: Home = None) -> None:
    """Add or replace organisations, from a JSON array."""
    from services.persistence.loading import load_organizations as loader

    _load(home, file, loader)


@load.command("patients")
def load_patients(file: OneFile, home: Home = None) -> None:
    """Add or replace citizens and the services they receive, from a JSON array."""
    from services.persistence.loading import load_patients as loader

    _load(home, file, loader)


@load.command("clients")
def load_clients(file: OneFile, home: Home = None) -> None:
    """Add or replace record systems that may ask for tokens, from a JSON array."""
    from services.persistence.loading import load_clients as loader

    _load(home, file, loader)


@load.command("on-call")
def load_on_call(file: OneFile, home: Home = None) -> None:
    """Add or replace whom places have on call by e-mail, from a JSON array."""
    from services.persistence.loading import load_on_call as loader

    _load(home, file, loader)


@load.command("agreement")
def load_agreement(file: OneFile, home: Home = None) -> None:
    """Add or replace one version of a health agreement, from YAML."""
    from services.agreements.loading import load_agreement as loader

    _load(home, file, loader)


@agreement.command("show")
def show_agreement(
    day: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The day, such as 2026-11-20.")],
    municipality: Annotated[str | None, typer.Option(help="SOR code of the municipality.")] = None,
    region: Annotated[str | None, typer.Option(help="Where no municipality is named: DK-82 and the like.")] = None,
    home: Home = None,
) -> None:
    """Print the rules that are in force on a day, and where each part of them comes from."""
    from services.agreements.showing import rules_of_day

    _ask(home, lambda database: rules_of_day(database, day=day.date(), region=region, municipality=municipality))


@agreement.command("replay")
def replay_agreement(file: OneAgreement, days: Days = 90, csv: Csv = None, home: Home = None) -> None:
    """Try a draft on the stays of the last days: its tasks and deadlines, beside what really happened."""
    from services.agreements.commands_replay import replay_file

    _ask(home, lambda database: replay_file(database, file, days=days, csv=csv))


@app.command()
def score(
    days: Days = 90,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV instead of a table.")] = False,
    home: Home = None,
) -> None:
    """Print how duties went, per rule and party; numbers under 5 are hidden."""
    from services.agreements.commands_score import score_text

    _ask(home, lambda database: score_text(database, days=days, as_csv=csv))


@app.command()
def send(
    files: Files,
    to: Annotated[str | None, typer.Option(help="Address of the installation; else the demo's.")] = None,
    home: Home = None,
) -> None:
    """Post message files, print each answer; exit 1 if one is not ok."""
    from services.demo.send import send_files

    if not send_files(_known(home), files, to=to):
        raise typer.Exit(1)


@app.command()
def simulate(
    stays: Annotated[int, typer.Option(min=1, help="How many stays.")],
    rate: Annotated[float | None, typer.Option(min=0.01, help="Stays per second; else as fast as it goes.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same stays.")] = 1,
    to: Annotated[str | None, typer.Option(help="Address of the installation; else the demo's.")] = None,
    home: Home = None,
) -> None:
    """Send synthetic but lifelike stays, and sum up."""
    from services.demo.simulate import simulate as run

    if not run(_known(home), stays=stays, rate=rate, seed=seed, to=to):
        raise typer.Exit(1)


@app.command()
def check(files: Files) -> None:
    """Check message files offline, a line per finding; exit 1 on errors."""
    from services.demo.check import check_files

    if not check_files(files):
        raise typer.Exit(1)


@app.command()
def token(
    role: Annotated[str, typer.Option(help="ward, doctor, visitator, home-nurse, gp, pharmacist, … or system.")],
    organization: Annotated[str, typer.Option(help="SOR code of the organisation.")],
    unit: Annotated[str | None, typer.Option(help="SOR code of the unit.")] = None,
    ttl: Annotated[int, typer.Option(help="Life in seconds; negative: already expired.")] = 3600,
    home: Home = None,
) -> None:
    """Print a bearer token and nothing else; demo mode only."""
    from services.demo.token import bearer_token

    typer.echo(bearer_token(_known(home), role=role, organization=organization, unit=unit, ttl_seconds=ttl))


@app.command()
def doctor(home: Home = None) -> None:
    """Say in words what is wrong here; exit 1 if anything is."""
    from services.demo.doctor import diagnose
    from services.settings import misspelt

    findings = [f"{name} means nothing here; see `stafet settings`" for name in misspelt()]
    with _installation(home) as settings:
        findings += diagnose(settings)
    for finding in findings:
        typer.echo(f"- {finding}")
    if findings:
        raise typer.Exit(1)
    typer.echo("nothing is wrong")


@app.command()
def settings(home: Home = None) -> None:
    """Print every variable: meaning, default, present value."""
    from rich.console import Console
    from rich.table import Table

    from services.demo.home import settings_of
    from services.settings import describe, load_settings, misspelt

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=200)
    table = Table("Variable", "Meaning", "Default", "Value", box=None, pad_edge=False)
    table.columns[0].no_wrap = True
    for setting in describe(load_settings() if home is None else settings_of(home)):
        table.add_row(setting.variable, setting.meaning, setting.default, setting.value)
    console.print(table)
    console.print("A secret may stand in a file that <VARIABLE>_FILE names.")
    for name in misspelt():
        console.print(f"{name} means nothing here", style="yellow")


def _wait_for(file: Path | None) -> None:
    """Lets a demo's processes load while its data are still being prepared."""
    import time

    while file is not None and not file.exists():
        time.sleep(0.02)


def _known(home: Path | None) -> "Settings":
    """The settings of the given demo, else of the environment, else of the demo in `.stafet`."""
    from services.demo.home import settings_of
    from services.settings import load_settings

    if home is not None:
        return settings_of(home.absolute())
    found = load_settings()
    if found.database.url is None and DEFAULT_HOME.exists():
        return settings_of(DEFAULT_HOME.absolute())
    return found


def _installation(home: Path | None) -> "AbstractContextManager[Settings]":
    """As `_known`, with a database that answers: a stopped demo's engines run for the block."""
    from services.demo.home import open_home
    from services.settings import load_settings

    if home is None:
        found = load_settings()
        if found.database.url is not None:
            return nullcontext(found)
    return open_home(home or DEFAULT_HOME)


def _load(home: Path | None, file: Path, loader: "Callable[[Database, Path], Awaitable[str]]") -> None:
    _ask(home, lambda database: loader(database, file))


def _ask(home: Path | None, question: "Callable[[Database], Awaitable[str]]") -> None:
    import asyncio

    from services.bootstrap import database_for

    async def answer(settings: "Settings") -> str:
        database = database_for(settings)
        try:
            return await question(database)
        finally:
            await database.engine.dispose()

    with _installation(home) as settings:
        typer.echo(asyncio.run(answer(settings)))


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise typer.BadParameter(f"{text} is no instant with offset, such as 2026-11-20T11:40:00+01:00")
    return instant


def _told_in_words() -> tuple[type[Exception], ...]:
    from discharge.errors import DischargeError
    from services.agreements.reading import AgreementFileError
    from services.demo.home import HomeInUseError
    from services.demo.processes import EngineError
    from services.persistence.checks import UnsafeDatabaseError
    from services.persistence.master_files import MasterFileError
    from services.persistence.migrate import MigrationError
    from services.settings import SettingsError

    return (
        AgreementFileError,
        DischargeError,
        EngineError,
        HomeInUseError,
        MasterFileError,
        MigrationError,
        SettingsError,
        UnsafeDatabaseError,
    )


def main() -> None:
    """The console script: what went wrong is told in words, on standard error, with exit code 1."""
    try:
        app()
    except Exception as error:
        # Asked only now, since these classes come with imports that no good command line should wait for.
        if not isinstance(error, _told_in_words()):
            raise
        typer.echo(str(error), err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
