"""Staff pages of the staff themselves: people and the groups that give them their rights."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.forms import CharField, ModelMultipleChoiceField
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from accounts.models import Staff
from accounts.staff import operations
from accounts.staff.rules import TITLES
from backoffice.core import clock, personal_numbers
from backoffice.web.admin_actions import REASON_MAX, REASON_MIN
from backoffice.web.readonly_admin import ReadOnlyAdmin, display, timeline

if TYPE_CHECKING:
    _StaffAdmin = UserAdmin[Staff]
    _GroupsField = ModelMultipleChoiceField[Group]
else:
    from unfold.admin import ModelAdmin

    _GroupsField = ModelMultipleChoiceField

    class _StaffAdmin(UserAdmin, ModelAdmin):
        pass


admin.site.unregister(Group)


class _Groups(_GroupsField):
    """Groups to choose from, by their titles."""

    def label_from_instance(self, obj: Any) -> str:
        """Return the group's name in the reader's language."""
        return _title(obj)


def _reason() -> CharField:
    """Return the input of the reason, which every change of an account needs."""
    return CharField(
        label=_("reason"), min_length=REASON_MIN, max_length=REASON_MAX,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("The reason is stored with the change."),
    )  # fmt: skip


class _ChangeForm(UserChangeForm):  # type: ignore[misc]  # unfold has no types
    reason = _reason()


class _CreationForm(UserCreationForm):  # type: ignore[misc]  # unfold has no types
    reason = _reason()


@admin.register(Staff)
class StaffPages(_StaffAdmin):
    """Who works here; rights come with the groups.

    An own account is read only: nobody gives rights to themselves, or locks themselves out. Who
    creates or changes another one gives a reason, which stands in its timeline.
    """

    form = _ChangeForm
    add_form = _CreationForm
    change_form_after_template = "admin/sections.html"
    change_password_form = AdminPasswordChangeForm
    actions = None
    list_display = ("username", "full_name", "group_names", "is_active", "is_superuser")
    list_filter = ("is_active", "groups")
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("last_name", "first_name", "email")}),
        (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        (_("Moments"), {"fields": ("last_login", "date_joined")}),
        (_("Change"), {"fields": ("reason",)}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "password1", "password2", "is_staff", "groups",
                           "reason")}),
    )  # fmt: skip

    def has_change_permission(self, request: HttpRequest, obj: Staff | None = None) -> bool:
        """Return whether the person may change an account: never the own one."""
        return obj != request.user and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Staff | None = None) -> bool:
        """Return whether the person may delete an account: never the own one."""
        return obj != request.user and super().has_delete_permission(request, obj)

    def get_fieldsets(self, request: HttpRequest, obj: Staff | None = None) -> Any:
        """Return the fields; the reason is there for who may save."""
        found = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return found
        return [one for one in found if one[1]["fields"] != ("reason",)]

    def save_model(self, request: HttpRequest, obj: Staff, form: Any, change: bool) -> None:
        """Store an account with the reason, in the transaction of the form."""
        super().save_model(request, obj, form, change)
        operations.note(
            [obj], command="change_account" if change else "create_account", by=str(request.user),
            reason=personal_numbers.mask(form.cleaned_data["reason"]), at=clock.now(),
        )  # fmt: skip

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Show an account with its changes and their reasons."""
        person = self.get_object(request, object_id)
        sections = [timeline(person)] if person is not None else []
        context = {"sections": sections, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Return the groups as boxes to tick, named in the reader's language."""
        kwargs |= {"form_class": _Groups, "widget": UnfoldAdminCheckboxSelectMultipleWidget}
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the staff with their groups."""
        return super().get_queryset(request).prefetch_related("groups")

    @display(description=_("name"))
    def full_name(self, person: Staff) -> str:
        """Return the family name first, as Chinese names go."""
        return f"{person.last_name}{person.first_name}"

    @display(description=_("groups"))
    def group_names(self, person: Staff) -> str:
        """Return the groups in the reader's language."""
        return ", ".join(_title(group) for group in person.groups.all())


def _title(group: Group) -> str:
    return gettext(TITLES.get(group.name, group.name))


@admin.register(Group)
class GroupPages(ReadOnlyAdmin):
    """What each group may do; the table stands in the code."""

    list_display = ("title",)
    fields = ("title", "rights")
    ordering = ("pk",)

    @display(description=_("group"))
    def title(self, group: Group) -> str:
        """Return the group's name in the reader's language."""
        return _title(group)

    @display(description=_("rights"))
    def rights(self, group: Group) -> SafeString:
        """Return each right as model and action."""
        permissions = group.permissions.select_related("content_type").order_by(
            "content_type__app_label", "content_type__model", "codename"
        )
        return format_html_join("", "<div>{} · {}</div>", map(_in_words, permissions))


def _in_words(permission: Any) -> tuple[str, str]:
    model = permission.content_type.model_class()
    verb = permission.codename.partition("_")[0]
    verbs = {
        "view": gettext("view"),
        "add": gettext("add"),
        "change": gettext("change"),
        "delete": gettext("delete"),
    }
    subject = str(model._meta.verbose_name) if model else permission.content_type.model
    return subject, verbs.get(verb) or gettext(permission.name)
