"""What `stafet demo` prints when it is ready."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from services.demo.logins import read_logins

__all__ = ["show_welcome"]

PLACES = (
    ("Sign in as a demo person", "/"),
    ("Ward", "/ward"),
    ("Municipality", "/municipality"),
    ("General practice", "/gp"),
    ("FHIR", "/fhir/metadata"),
    ("Ready?", "/readyz"),
)


def show_welcome(console: Console, home: Path, port: int) -> None:
    """Prints the addresses, who one may sign in as, and how to send a message and to end."""
    places = Table.grid(padding=(0, 2))
    for name, path in PLACES:
        places.add_row(name, f"http://localhost:{port}{path}")
    console.print("\n[bold]Stafet is ready.[/bold]\n")
    console.print(places)
    logins = read_logins(home)
    if logins:
        people = Table("Person", "Role", "Organisation", "Begins at", box=None, pad_edge=False, title_justify="left")
        for login in logins:
            people.add_row(login.name, login.role, login.organisation, login.page)
        console.print()
        console.print(people)
    console.print(f"\nSend a message:  stafet send FILE --home {home}", markup=False, soft_wrap=True)
    console.print(f"Data: {home}   Logs: {home}/logs   End: Ctrl-C\n", markup=False, soft_wrap=True)
