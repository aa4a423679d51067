"""Why the platform's own records change, and which part of the system does it."""

from collections.abc import Mapping
from enum import StrEnum

from backoffice.core.translation import gettext_noop


class PlatformActor(StrEnum):
    """The parts of the system that act without a person."""

    TICK = "system:tick"
    COMMAND = "system:command"
    EXPORT = "system:export"
    EXPIRY = "system:expiry"


class PlatformReason(StrEnum):
    """The reasons of state changes."""

    EXPORT_STARTED = "export-started"
    EXPORT_WRITTEN = "export-written"
    EXPORT_FAILED = "export-failed"
    EXPORT_EXPIRED = "export-expired"
    NOT_DECIDED = "not-decided"
    CLAIMED = "claimed"


TEXTS: Mapping[StrEnum, str] = {
    PlatformActor.TICK: gettext_noop("schedule"),
    PlatformActor.COMMAND: gettext_noop("command line"),
    PlatformActor.EXPORT: gettext_noop("export"),
    PlatformActor.EXPIRY: gettext_noop("expiry"),
    PlatformReason.EXPORT_STARTED: gettext_noop("a worker started"),
    PlatformReason.EXPORT_WRITTEN: gettext_noop("the file is written"),
    PlatformReason.EXPORT_FAILED: gettext_noop("the file could not be written"),
    PlatformReason.EXPORT_EXPIRED: gettext_noop("the file was kept long enough"),
    PlatformReason.NOT_DECIDED: gettext_noop("nobody decided in time"),
    PlatformReason.CLAIMED: gettext_noop("took the next one"),
}
