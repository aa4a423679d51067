"""Staff pages of people: the staff themselves, customers and cards, identity masked."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.admin.utils import display_for_field, label_for_field, lookup_field
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import Model, Q
from django.forms import ModelMultipleChoiceField
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from accounts.models import BankCard, Customer, Staff
from accounts.rules import masking
from accounts.rules.rights import TITLES
from backoffice.crypto import blind
from backoffice.pages import (
    ReadOnlyAdmin,
    Section,
    amount_head,
    display,
    link,
    list_address,
    number_in,
)

if TYPE_CHECKING:
    _StaffAdmin = UserAdmin[Staff]
    _GroupsField = ModelMultipleChoiceField[Group]
else:
    from unfold.admin import ModelAdmin

    _GroupsField = ModelMultipleChoiceField

    class _StaffAdmin(UserAdmin, ModelAdmin):
        pass


LATEST_MAX = 5

admin.site.unregister(Group)


class _Groups(_GroupsField):
    """Groups to choose from, by their titles."""

    def label_from_instance(self, obj: Any) -> str:
        """Return the group's name in the reader's language."""
        return _title(obj)


@admin.register(Staff)
class StaffPages(_StaffAdmin):
    """Who works here; rights come with the groups."""

    form = UserChangeForm
    add_form = UserCreationForm
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
    )
    add_fieldsets = (
        (None, {"fields": ("username", "password1", "password2", "is_staff", "groups")}),
    )

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


def shown_name(customer: Customer) -> str:
    """Return a customer's id and masked name, as every list shows it."""
    return f"{customer} {masking.name(customer.name)}".strip()


class CustomersRows(ReadOnlyAdmin):
    """Rows that belong to a customer, found by their own id or the customer's."""

    list_select_related: ClassVar[Any] = ("customer",)
    search_fields = ("pk",)
    search_help_text = _("Id, or customer id such as C42")
    prefix = ""
    customer_path = "customer_id"  # the way to the customer that has an index

    def find(self, term: str) -> Q:
        """Return the rows with this id or of this customer."""
        if term.upper().startswith("C"):
            return Q(**{self.customer_path: number_in(term, "C")})
        return Q(pk=number_in(term, self.prefix))

    @display(description=_("customer"))
    def customer_link(self, row: Any) -> SafeString | str:
        """Return a link to the customer, named with the masked name."""
        return link(row.customer, shown_name(row.customer))


@admin.register(Customer)
class CustomerPages(ReadOnlyAdmin):
    """Customers, found by id or by their full ID number, phone or card number."""

    list_display = ("shown", "masked_id", "masked_phone", "state_label", "registered_at")
    list_filter = ("state",)
    search_fields = ("pk",)
    search_help_text = _("Customer id, or the full ID number, phone or card number")
    fieldsets = (
        (None, {"fields": (("shown", "state_label", "registered_at"),
                           ("masked_id", "masked_phone", "born_on"),
                           ("public_id", "origin"), "related")}),
    )  # fmt: skip

    def find(self, term: str) -> Q:
        """Return the customer with this id, ID number, phone or card number."""
        cards = BankCard.objects.filter(number_blind=blind(term, "card"))
        return (
            Q(pk=number_in(term, "C"))
            | Q(id_blind=blind(term, "id_number"))
            | Q(phone_blind=blind(term, "phone"))
            | Q(pk__in=cards.values("customer_id"))
        )

    @display(description=_("customer"))
    def shown(self, customer: Customer) -> str:
        """Return the masked name with the id."""
        return shown_name(customer)

    @display(description=_("ID number"))
    def masked_id(self, customer: Customer) -> str:
        """Return the masked ID number."""
        return masking.id_number(customer.id_number)

    @display(description=_("phone"))
    def masked_phone(self, customer: Customer) -> str:
        """Return the masked phone number."""
        return masking.phone(customer.phone)

    @display(description=_("all about this customer"))
    def related(self, customer: Customer) -> SafeString:
        """Return links to the lists of this customer's rows, whichever app keeps them."""
        rows = (
            (_list_of(relation, customer), relation.related_model._meta.verbose_name_plural)
            for relation in _relations()
        )
        return format_html_join(" · ", '<a class="link" href="{}">{}</a>', rows)

    def sections(self, request: HttpRequest, record: Customer) -> list[Section]:
        """Return the latest rows of every kind this customer has, and the timeline."""
        latest = (_latest(relation, request, record) for relation in _relations())
        return [*filter(None, latest), *super().sections(request, record)]


def _relations() -> list[Any]:
    """Return what points at customers and has a page and an index, the apps above first."""
    return [
        relation
        for relation in reversed(Customer._meta.related_objects)
        if relation.related_model in admin.site._registry and not relation.hidden
        and _has_index(relation.field)
    ]  # fmt: skip


def _has_index(field: Any) -> bool:
    """Say whether rows are found by the field: by its own index, or first in a unique one."""
    if not field.concrete:
        return False
    whole = field.model._meta.total_unique_constraints
    return field.db_index or any(constraint.fields[0] == field.name for constraint in whole)


def _list_of(relation: Any, customer: Customer) -> str:
    """Return the staff list of what a customer has through a relation."""
    return f"{list_address(relation.related_model)}?{relation.field.name}__id__exact={customer.pk}"


def _latest(relation: Any, request: HttpRequest, customer: Customer) -> Section | None:
    """Return the latest rows of a relation in the columns of their list, if there are any."""
    pages: Any = admin.site._registry[relation.related_model]
    if not pages.has_view_permission(request):
        return None
    columns = [name for name in pages.list_display if name != "customer_link"]
    found = pages.get_queryset(request).filter(**{relation.field.name: customer})
    rows = found.select_related(*pages.list_select_related).order_by("-pk")[:LATEST_MAX]
    return rows and Section(
        relation.related_model._meta.verbose_name_plural,
        [_head(pages, name) for name in columns],
        [[_cell(pages, name, row) for name in columns] for row in rows],
        address=_list_of(relation, customer),
    )


def _head(pages: Any, name: str) -> Any:
    words = label_for_field(name, pages.model, pages)
    return amount_head(words) if name.endswith("_yuan") else words


def _cell(pages: Any, name: str, row: Model) -> Any:
    """Return a cell as the list of its model shows it; the first one opens the record."""
    field, _attribute, value = lookup_field(name, row, pages)
    shown = value if field is None else display_for_field(value, field, "")
    return link(row, shown) if name == pages.list_display[0] else shown


@admin.register(BankCard)
class BankCardPages(CustomersRows):
    """Bound cards; of a number only the last four digits are shown."""

    list_display = ("shown", "customer_link", "bank", "state_label", "bound_at")
    list_filter = ("state",)
    search_help_text = _("Card id, customer id such as C42, or the full card number")
    fields = ("shown", "customer_link", "bank", "state_label", "account", "bound_at")

    def find(self, term: str) -> Q:
        """Return the cards with this id or number, or of this customer."""
        return super().find(term) | Q(number_blind=blind(term, "card"))

    @display(description=_("bank card"))
    def shown(self, card: BankCard) -> str:
        """Return the bank with the last four digits."""
        return f"{card.bank} {masking.card(card.last_four)}"
