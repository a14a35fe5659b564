from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.agreements.loading import put_agreement_file
from services.agreements.reading import AgreementFileError
from services.agreements.shipped import PROFILES, profile_file
from services.agreements.showing import check_files, compare_files, resource_text, rules_of_day
from services.cli import app
from tests import factories
from tests.factories import MUNICIPALITY
from tests.services.agreements.test_reading import AGREEMENT
from tests.services.agreements.test_reading_layers import DEVIATION
from tests.services.persistence.store import Store

DAY = date(2026, 11, 20)


def _file(folder: Path, text: str, name: str = "agreement.yaml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_a_sound_file_is_said_to_be_sound(tmp_path: Path) -> None:
    file = _file(tmp_path, AGREEMENT)

    result = CliRunner().invoke(app, ["agreement", "check", str(file)])

    assert (result.exit_code, result.stdout) == (0, f"{file}: dk-test 1.0, 2 rules: nothing is wrong\n")


def test_a_file_that_would_be_refused_ends_with_one(tmp_path: Path) -> None:
    file = _file(tmp_path, AGREEMENT.replace("kind: clock", "kind: noon").replace("has(stay.ended)", "message.urgent"))

    result = CliRunner().invoke(app, ["agreement", "check", str(file)])

    assert result.exit_code == 1
    assert result.stdout.startswith(f"{file}: error: line 16, rule R01, deadline.kind: unknown; known are immediate")


def test_a_warning_is_told_and_lets_pass(tmp_path: Path) -> None:
    file = _file(tmp_path, AGREEMENT.replace("has(stay.ended)", "message.urgent"))

    lines, sound = check_files([file])

    said = "line 19, rule R01, completed-by.when: warning: can never follow: message.urgent is known to message-written"
    assert (lines, sound) == ((f"{file}: {said} only",), True)


def test_a_layer_leans_on_a_file_beside_it(tmp_path: Path) -> None:
    base = _file(tmp_path, AGREEMENT.replace("content: plan", "content: plan\n    may-deviate: [ladder]"))
    layer = _file(tmp_path, DEVIATION, "layer.yaml")
    other = _file(tmp_path, DEVIATION.replace("to: ward, roles: [ward]", "to: ward, roles: [gp]"), "other.yaml")

    assert check_files([layer, base])[0][0] == f"{layer}: birkelund 1, 1 changes: nothing is wrong"
    lines, sound = check_files([other, base])
    assert not sound
    assert f"{other}: error: line 13, rule R17, set.ladder[0].roles: nobody at ward is gp" in lines[0]
    assert lines[1:] == (f"{base}: dk-test 1.0, 2 rules: nothing is wrong",)


def test_files_that_would_hold_at_once_are_told(tmp_path: Path) -> None:
    one = _file(tmp_path, AGREEMENT)
    other = _file(tmp_path, AGREEMENT.replace("id: dk-test", "id: dk-other"), "other.yaml")

    lines, sound = check_files([one, other])

    assert not sound
    assert lines[-1] == f"{other}: error: line 5, valid-from: dk-test 1.0 holds in DK-82 at that time; end it first"


def test_the_shipped_agreements_stand_beside_each_other(tmp_path: Path) -> None:
    files = [tmp_path / f"{agreement}.yaml" for agreement in PROFILES]
    for file, agreement in zip(files, PROFILES, strict=True):
        file.write_bytes(profile_file(agreement))

    lines, sound = check_files(files)

    assert sound
    assert all(line.endswith("nothing is wrong") for line in lines)


def test_what_differs_is_printed(tmp_path: Path) -> None:
    one = _file(tmp_path, AGREEMENT)
    other = _file(tmp_path, AGREEMENT.replace("12:00", "11:00"), "other.yaml")

    result = CliRunner().invoke(app, ["agreement", "diff", str(one), str(other)])

    assert result.stdout == "R01 send-admission-report, deadline.at: was 12:00, is 11:00\n"
    assert compare_files(one, one) == ("no difference",)


def test_what_cannot_be_read_is_not_compared(tmp_path: Path) -> None:
    one, other = _file(tmp_path, AGREEMENT), _file(tmp_path, "rules: [\n", "other.yaml")

    with pytest.raises(AgreementFileError, match="line 2: not YAML"):
        compare_files(one, other)


def test_an_agreement_goes_through_fhir_and_comes_back_unchanged(tmp_path: Path) -> None:
    file = _file(tmp_path, AGREEMENT)

    printed = CliRunner().invoke(app, ["agreement", "fhir", str(file)]).stdout
    back = _file(tmp_path, printed, "plan-definition.json")

    assert check_files([back]) == ((f"{back}: dk-test 1.0, 2 rules: nothing is wrong",), True)
    assert compare_files(file, back) == ("no difference",)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"resourceType": "PlanDefinition"}', "error: PlanDefinition.status: "),
        ('{"resourceType": "Patient"}', "error: "),
        ('{"resourceType": "PlanDefinition", "status": ', "error: $: "),
        ('{"resourceType": "PlanDefinition", "title": "' + "x" * (1 << 20) + '"}', "error: $: the file is larger than"),
    ],
)
def test_a_resource_that_is_no_agreement_is_refused(tmp_path: Path, body: str, said: str) -> None:
    file = _file(tmp_path, body, "resource.json")

    lines, sound = check_files([file])

    assert not sound
    assert said in lines[0]


def test_a_layer_has_no_place_in_fhir(tmp_path: Path) -> None:
    with pytest.raises(AgreementFileError, match="line 1, kind: a layer is no agreement"):
        resource_text(_file(tmp_path, DEVIATION))


async def test_the_rules_of_a_day_are_shown_with_the_origin_of_each_part(store: Store) -> None:
    region = factories.directory().region_of(MUNICIPALITY)
    base = (
        AGREEMENT.replace("id: dk-test", "id: dk-first")
        .replace("DK-82", str(region))
        .replace("content: plan", "content: plan\n    may-deviate: [ladder]")
    )
    await put_agreement_file(store.database, base.replace("id: R17\n", "id: R17\n    verify: [ladder]\n").encode())
    layer = DEVIATION.replace("base: dk-test", "base: dk-first").replace("999000000002000", MUNICIPALITY)
    await put_agreement_file(store.database, layer.encode())

    shown = await rules_of_day(store.database, day=DAY, region=None, municipality=MUNICIPALITY)
    plain = await rules_of_day(store.database, day=DAY, region=region, municipality=None)

    lines = shown.splitlines()
    assert lines[0] == "dk-first 1.0+birkelund@1: En aftale"
    assert "laid upon it: Birkelund Kommune (birkelund 1)" in lines
    assert "R01 send-admission-report: Send" in lines
    assert "  when: stay.municipality_is_party && stay.hours < 24" in lines
    assert any(line.endswith(": from birkelund 1") for line in lines)
    assert any(line.startswith("gate R11: ") for line in lines)
    assert [line[:3] for line in lines if ": by the core: " in line] == ["R28", "R29", "R30", "R31", "R32", "R33"]
    assert "birkelund" not in plain


async def test_where_nothing_holds_it_is_said(store: Store) -> None:
    async def shown(region: str | None, municipality: str | None, day: date = DAY) -> str:
        return await rules_of_day(store.database, day=day, region=region, municipality=municipality)

    assert await shown("SE-M", None) == "no agreement is in force in SE-M on 2026-11-20"
    assert await shown(None, "1") == "no organisation 1 is registered"
    assert "on 1999-01-01" in await shown(None, MUNICIPALITY, date(1999, 1, 1))


async def test_what_is_suspended_and_who_pays_is_shown(store: Store) -> None:
    region = str(factories.directory().region_of(MUNICIPALITY))
    text = AGREEMENT.replace("id: dk-test", "id: dk-first").replace("DK-82", region)
    text = text.replace("content: plan", "content: plan\n    payer: ward\n    chain: [ward]\n    verify: [ladder]")
    text = text.replace("rules:\n", "calendars: {closed-days: [06-05], hours: {ward: 08:00-15:00}}\nrules:\n")
    overlay = DEVIATION.replace("kind: deviation", "kind: overlay").replace("base: dk-test", "base: dk-first")
    overlay = overlay.replace('parties: ["999000000002000"]\n', "") + "  - {rule: R01, suspend: true}\n"
    await put_agreement_file(store.database, text.encode())
    await put_agreement_file(store.database, overlay.encode())

    shown = (await rules_of_day(store.database, day=DAY, region=region, municipality=None)).splitlines()

    assert "R01 send-admission-report: suspended (from birkelund 1)" in shown
    assert [line.partition(":")[0] for line in shown if line.startswith(("hours", "closed"))] == ["hours", "closed"]
    assert any(line.startswith("  paid by: ") for line in shown)
    assert any(line.startswith("  asked next: ") for line in shown)
    assert any(line.startswith("  verify: ") for line in shown)


def test_a_file_that_cannot_be_read_is_not_written_as_fhir(tmp_path: Path) -> None:
    with pytest.raises(AgreementFileError, match="line 2: not YAML"):
        resource_text(_file(tmp_path, "rules: [\n"))
