"""Exports: requested with a reason, written by a worker, downloaded by their requester, deleted."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils.translation import gettext_lazy

from accounts.models import AccessRecord, Customer
from accounts.privacy.rules import masking
from backoffice.core.models import Export, ExportDownload, ExportFile, StateChange
from backoffice.platform import export
from backoffice.platform.export import (
    Column,
    ExportFilterError,
    ExportNotPermittedError,
    ExportNotReadyError,
    ExportSection,
    FileOptions,
    NotRequesterError,
    UnknownSectionError,
)

AT = datetime(2026, 10, 1, 1, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
SEE_LIST = "accounts.view_customer"
RIGHTS = (SEE_LIST, export.RIGHT_TO_REQUEST, export.RIGHT_TO_DOWNLOAD)


def customers(filters):
    return Customer.objects.filter(pk__gte=int(filters["first"])).order_by("pk")


@pytest.fixture(autouse=True)
def section(monkeypatch):
    monkeypatch.setattr(export, "_sections", {})
    made = ExportSection(
        name="customers", title="customers", permission=SEE_LIST, filters=("first",),
        rows=customers, owner="pk", rows_max=3,
        columns=(
            Column("name", "name", mask=masking.name), Column("state", "state", show=str.upper),
        ),
    )  # fmt: skip
    export.register(made)
    return made


def staff(name, *rights):
    person = get_user_model().objects.create_user(username=name)
    return grant(person, *rights)


def grant(person, *rights):
    codenames = [right.partition(".")[2] for right in rights]
    person.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return get_user_model().objects.get(pk=person.pk)


@pytest.fixture
def one(db):
    return staff("one", *RIGHTS)


@pytest.fixture
def people(db):
    return [Customer.objects.create(name=name, registered_at=AT) for name in ("张三丰", "李四")]


def request(by, **other):
    given = {
        "section": "customers", "filters": {"first": "0"}, "file_format": "csv",
        "is_masked": False, "language": "en",
    } | other  # fmt: skip
    options = FileOptions(*(given.pop(name) for name in FileOptions._fields))
    name = given.pop("section")
    return export.request(name, by=by, reason="the auditor asked", at=AT, options=options, **given)


def written(by, **other):
    made = request(by, **other)
    export.run(made.pk, by="system:export", at=LATER)
    return Export.objects.get(pk=made.pk)


def test_a_request_says_who_what_and_why(one):
    made = request(one)

    stored = Export.objects.get()
    assert (stored.pk, stored.section, stored.filters) == (made.pk, "customers", {"first": "0"})
    assert (stored.requested_by, stored.requested_at, stored.reason) == (
        one, AT, "the auditor asked",
    )  # fmt: skip
    assert (stored.state, stored.is_masked, stored.file_format) == ("requested", True, "csv")


@pytest.mark.parametrize("missing", [SEE_LIST, export.RIGHT_TO_REQUEST])
def test_nobody_requests_without_the_rights(db, missing):
    person = staff("other", *(right for right in RIGHTS if right != missing))

    with pytest.raises(ExportNotPermittedError) as caught:
        request(person)

    assert caught.value.facts == {"permission": missing}
    assert not Export.objects.exists()


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"filters": {}}, "first"),
        ({"filters": {"first": "0", "last": "1"}}, "last"),
        ({"filters": {"first": "many"}}, "first"),
        ({"file_format": "exe"}, "format"),
    ],
)
def test_a_filter_that_cannot_be_is_refused_by_name(one, change, name):
    with pytest.raises(ExportFilterError) as caught:
        request(one, **change)

    assert caught.value.facts == {"name": name}
    assert not Export.objects.exists()


def test_a_section_that_nobody_registered_is_named(one):
    with pytest.raises(UnknownSectionError, match="customers"):
        request(one, section="nonsense")

    assert not Export.objects.exists()


def test_a_worker_writes_the_file_masked(one, people):
    made = written(one)

    file = export.download(made.pk, by=one, at=LATER)
    assert file.content.decode("utf-8-sig") == (
        "name,state\r\n张*,REGISTERED\r\n李*,REGISTERED\r\n"
    )
    assert file.file_name == f"customers-{made.pk}.csv"
    assert (made.state, made.rows, made.size) == ("done", 2, len(file.content))
    assert made.sha256 == hashlib.sha256(file.content).hexdigest()
    assert (made.finished_at, made.expires_at) == (LATER, LATER + timedelta(days=7))


def test_who_may_see_personal_data_gets_it(people):
    seer = staff("seer", *RIGHTS, export.RIGHT_TO_SEE)

    made = written(seer)

    assert not made.is_masked
    assert "张三丰" in export.download(made.pk, by=seer, at=LATER).content.decode("utf-8-sig")


def test_a_download_in_full_is_in_the_access_records(people):
    seer = staff("seer", *RIGHTS, export.RIGHT_TO_SEE)
    made = written(seer)
    assert not AccessRecord.objects.exists()

    export.download(made.pk, by=seer, at=LATER)

    records = AccessRecord.objects.order_by("pk")
    assert list(records.values_list("customer", "staff", "fields", "reason", "at")) == [
        (one.pk, seer.pk, f"X{made.pk}: name", "the auditor asked", LATER) for one in people
    ]


def test_a_requester_with_the_right_may_choose_masked(people):
    seer = staff("seer", *RIGHTS, export.RIGHT_TO_SEE)

    made = written(seer, is_masked=True)

    assert made.is_masked
    content = export.download(made.pk, by=seer, at=LATER).content.decode("utf-8-sig")
    assert "张三丰" not in content and "张*" in content
    assert not AccessRecord.objects.exists()


@pytest.mark.parametrize(("language", "head"), [("en", "name"), ("zh-hans", "姓名")])
def test_a_file_is_in_the_language_of_its_requester(
    one, people, section, monkeypatch, language, head
):
    columns = (Column(gettext_lazy("name"), "name", mask=masking.name),)
    monkeypatch.setitem(export._sections, "customers", replace(section, columns=columns))

    made = written(one, language=language)

    content = export.download(made.pk, by=one, at=LATER).content.decode("utf-8-sig")
    assert content.splitlines()[0] == head


def test_a_right_lost_before_the_worker_comes_masks_the_file(people):
    seer = staff("seer", *RIGHTS, export.RIGHT_TO_SEE)
    made = request(seer)
    grant(seer, *RIGHTS)

    export.run(made.pk, by="system:export", at=LATER)

    assert Export.objects.get().is_masked
    content = export.download(made.pk, by=seer, at=LATER).content.decode("utf-8-sig")
    assert "张三丰" not in content and "张*" in content


def test_a_right_lost_before_the_download_refuses_it(people):
    seer = staff("seer", *RIGHTS, export.RIGHT_TO_SEE)
    made = written(seer)

    for rights in (RIGHTS, RIGHTS[:2], RIGHTS[1:]):
        with pytest.raises(ExportNotPermittedError):
            export.download(made.pk, by=grant(seer, *rights), at=LATER)

    assert not ExportDownload.objects.exists()


def test_the_file_is_sealed_in_the_database(people):
    seer = staff("seer", *RIGHTS, export.RIGHT_TO_SEE)
    written(seer)

    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM backoffice_exportfile")
        [(stored,)] = cursor.fetchall()

    assert "张三丰".encode() not in bytes(stored)


def test_more_rows_than_allowed_make_no_file(one, people):
    for _number in range(2):
        Customer.objects.create(name="王五", registered_at=AT)

    made = written(one)

    assert (made.state, made.error, made.rows) == ("failed", "export-too-many-rows", None)
    assert not ExportFile.objects.exists()


def test_a_requester_without_rights_by_then_gets_no_file(one, people):
    made = request(one)
    grant(one)

    export.run(made.pk, by="system:export", at=LATER)

    assert (Export.objects.get().state, Export.objects.get().error) == (
        "failed", "export-not-permitted",
    )  # fmt: skip
    assert not ExportFile.objects.exists()


def test_an_error_of_ours_is_shown_by_its_kind_alone(one, people, section, monkeypatch):
    made = request(one)
    broken = ExportSection(
        name="customers", title="customers", permission=SEE_LIST, filters=("first",),
        rows=customers, columns=(Column("x", "nonsense"),),
    )  # fmt: skip
    monkeypatch.setattr(export, "_sections", {"customers": broken})

    export.run(made.pk, by="system:export", at=LATER)

    assert (Export.objects.get().state, Export.objects.get().error) == ("failed", "AttributeError")


def test_a_second_delivery_of_the_task_changes_nothing(one, people):
    made = written(one)
    before = list(Export.objects.values())

    export.run(made.pk, by="system:export", at=LATER + timedelta(hours=1))
    export.run(made.pk + 1, by="system:export", at=LATER)

    assert list(Export.objects.values()) == before
    assert ExportFile.objects.count() == 1


def test_an_export_of_a_dead_worker_is_finished_by_another(one, people):
    made = request(one)
    export._start(made.pk, by="system:export", at=LATER)

    assert export.waiting(before=LATER) == [made.pk]
    export.run(made.pk, by="system:export", at=LATER)

    assert Export.objects.get().state == "done"
    assert export.waiting(before=LATER) == []


def test_each_download_is_logged(one, people):
    made = written(one)

    for _number in range(2):
        export.download(made.pk, by=one, at=LATER)

    logged = ExportDownload.objects.values_list("export_id", "staff__username", "at")
    assert list(logged) == [(made.pk, "one", LATER)] * 2


def test_somebody_elses_export_is_not_downloaded(one, people):
    made = written(one)

    with pytest.raises(NotRequesterError):
        export.download(made.pk, by=staff("other", *RIGHTS), at=LATER)

    assert not ExportDownload.objects.exists()


def test_an_export_without_a_file_is_not_downloaded(one):
    made = request(one)

    with pytest.raises(ExportNotReadyError):
        export.download(made.pk, by=one, at=LATER)

    assert not ExportDownload.objects.exists()


def test_an_expired_file_is_deleted_and_its_log_stays(one, people):
    made = written(one)
    export.download(made.pk, by=one, at=LATER)
    over = LATER + timedelta(days=7)

    with pytest.raises(ExportNotReadyError):
        export.download(made.pk, by=one, at=over)
    assert export.delete_expired(by="system:expiry", at=over - timedelta(seconds=1)) == 0
    assert export.delete_expired(by="system:expiry", at=over) == 1

    made = Export.objects.get()
    assert (made.state, made.rows, ExportFile.objects.count()) == ("expired", 2, 0)
    assert ExportDownload.objects.count() == 1
    assert list(StateChange.objects.order_by("pk").values_list("transition", flat=True)) == [
        "start", "finish", "expire",
    ]  # fmt: skip


def test_an_export_is_neither_changed_nor_deleted(one):
    request(one)

    with pytest.raises(IntegrityError, match="as it was requested"), transaction.atomic():
        Export.objects.update(reason="another")
    with pytest.raises(ProgrammingError, match="Cannot delete"), transaction.atomic():
        Export.objects.all()._raw_delete("default")

    assert Export.objects.get().reason == "the auditor asked"


@pytest.mark.parametrize(
    "change",
    [
        {"sha256": "0" * 64},
        {"rows": 7},
        {"size": 7},
        {"is_masked": False},
        {"finished_at": AT},
        {"expires_at": LATER + timedelta(days=365)},
    ],
    ids=lambda change: next(iter(change)),
)
@pytest.mark.parametrize("is_expired", [False, True])
def test_the_result_of_an_export_is_stored_once(one, people, change, is_expired):
    made = written(one)
    if is_expired:
        export.delete_expired(by="system:expiry", at=made.expires_at)
    before = Export.objects.values().get()

    with pytest.raises(IntegrityError, match="requested and written"), transaction.atomic():
        Export.objects.update(**change)

    assert Export.objects.values().get() == before


def test_why_an_export_failed_is_stored_once(one, people):
    Customer.objects.create(name="王五", registered_at=AT)
    Customer.objects.create(name="赵六", registered_at=AT)
    written(one)

    with pytest.raises(IntegrityError, match="as it was requested"), transaction.atomic():
        Export.objects.update(error="another")

    assert Export.objects.get().error == "export-too-many-rows"


def test_a_masked_export_is_never_unmasked(one):
    request(one)

    with pytest.raises(IntegrityError, match="as it was requested"), transaction.atomic():
        Export.objects.update(is_masked=False)

    assert Export.objects.get().is_masked
