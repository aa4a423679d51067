"""Checks project rules that no linter has; a failure names file and line."""

import ast
import inspect

import pytest
from django.db import models
from django_fsm import GET_STATE, RETURN_VALUE

from backoffice.core.guards import Guard, InitialState
from tests.clocks import CLOCKS
from tests.raw import machines, our_models
from tests.source_tree import (
    APPS,
    ROOT,
    at,
    decorators,
    functions,
    lines,
    name_of,
    raised,
    sources,
    texts,
    tree,
    walk,
)

SOURCES = sources()
OPERATIONS = [path for path in SOURCES if "operations" in path.with_suffix("").parts]
RULES = [
    path
    for path in SOURCES
    if "rules" in path.with_suffix("").parts
    or (path.name == "policy.py" and path.parent.name != "core")
    or name_of(path) == "backoffice/core/money.py"
]


def none(found):
    """Fail with one line for each finding."""
    __tracebackhide__ = True
    found = list(found)
    if found:
        pytest.fail("\n".join(["", *found]))


def test_no_function_is_longer_than_a_screen():
    none(
        f"{at(path, function)} {function.name} has {lines(function)} lines"
        for path in SOURCES
        for function in functions(path)
        if lines(function) > 60
    )


def test_no_module_is_longer_than_400_lines():
    counts = {path: len(path.read_text().splitlines()) for path in SOURCES}
    none(f"{name_of(path)}: {count} lines" for path, count in counts.items() if count > 400)


# The locked rows an operation works on with others of its kind do not count as its argument.
WORKING_SETS = {"LoanBatch"}
# The context of a command; a function without any of these keywords only computes.
CONTEXT = {"by", "at", "on", "reason", "amount_fen"}


def commands():
    """Every public function of the operations, outside classes, that does something in time."""
    for path in OPERATIONS:
        for node in tree(path).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                keywords = {argument.arg for argument in node.args.kwonlyargs}
                if "transaction.atomic" in decorators(node) or keywords & CONTEXT:
                    yield path, node


def positional(function):
    return [
        argument.arg
        for argument in (*function.args.posonlyargs, *function.args.args)
        if ast.unparse(argument.annotation or ast.Constant(None)) not in WORKING_SETS
    ]


def test_operations_take_a_batch_and_the_rest_by_keyword():
    none(
        f"{at(path, command)} {command.name}({', '.join(positional(command))})"
        for path, command in commands()
        if len(positional(command)) > 1 or command.args.vararg
    )


def test_there_are_commands_to_hold_to_the_rules():
    assert {"prepare", "record", "close", "accrue_night", "reserve", "post"} <= {
        command.name for _path, command in commands()
    }


def test_operations_name_every_refusal_they_raise():
    none(
        f"{at(path, command)} {command.name} raises {name} without naming it in its docstring"
        for path, command in commands()
        for name in sorted(raised(command, tree(path)))
        if name not in (ast.get_docstring(command) or "")
    )


def refusals():
    """Every class that derives from ``Refused``, with its module and its stable code, if any."""
    classes = [(path, node) for path in SOURCES for node in walk(path, ast.ClassDef)]
    known = {"Refused"}
    while True:
        found = {node.name for _path, node in classes if known & _bases(node)} - known
        if not found:
            break
        known |= found
    for path, node in classes:
        if node.name in known and node.name != "Refused":
            yield path, node, _code(node)


def _bases(node):
    return {ast.unparse(base).rpartition(".")[2] for base in node.bases}


def _code(node):
    for statement in node.body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "code":
            return ast.literal_eval(statement.value)
    return None


def test_the_code_of_a_refusal_is_unique_across_apps():
    owners = {}
    for path, node, code in refusals():
        if code is not None:
            owners.setdefault(code, []).append(f"{at(path, node)} {node.name}")

    assert len(owners) > 50
    none(f"{code}: {', '.join(found)}" for code, found in owners.items() if len(found) > 1)


def test_a_refusal_has_a_code_or_is_a_base_of_those_that_have():
    found = list(refusals())
    bases = {base for _path, node, _known in found for base in _bases(node)}
    none(
        f"{at(path, node)} {node.name} has no code"
        for path, node, code in found
        if code is None and node.name not in bases
    )


def test_actor_moment_and_reason_have_no_defaults():
    none(
        f"{at(path, command)} {command.name}: {argument.arg} has a default"
        for path, command in commands()
        for argument, default in zip(command.args.kwonlyargs, command.args.kw_defaults, strict=True)
        if default is not None and argument.arg in ("by", "at", "on", "reason")
    )


# Calls that store the name of an actor.
NAMES_AN_ACTOR = {"workflow.move", "trace.note", "batch.write"}
# Arguments that carry it: the name itself, or the context of a customer's request.
CARRIES_AN_ACTOR = {"by", "context"}


def test_a_command_that_stores_an_actor_receives_it():
    for path in OPERATIONS:
        functions = {node.name: node for node in walk(path, ast.FunctionDef)}
        none(
            f"{at(path, functions[name])} {name} stores an actor and takes none"
            for name in storing(functions)
            if not name.startswith("_")
            and not CARRIES_AN_ACTOR & {one.arg for one in arguments(functions[name])}
        )


def arguments(function):
    return [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]


def storing(functions):
    """Return the functions of a module that store an actor, also through another one of it."""
    calls = {
        name: {ast.unparse(one.func) for one in ast.walk(node) if isinstance(one, ast.Call)}
        for name, node in functions.items()
    }
    found: set[str] = set()
    while more := {one for one, made in calls.items() if made & (NAMES_AN_ACTOR | found)} - found:
        found |= more
    return found


# Who may look at a clock, and why; everything else receives the moment.
EDGES = ("tasks.py", "admin.py", "api.py", "jobs.py", "outbox.py", "dashboard.py",
         "readonly_admin.py", "rate_limit.py")  # fmt: skip
EDGE_FOLDERS = ("management", "admin", "api", "web", "up", "gateways")
CLOCK_MODULES = {
    "backoffice/core/clock.py": "it is the clock",
    "backoffice/apps.py": "partitions of the months ahead are made when migrating",
    "backoffice/platform/idempotency.py": "leases of reservations, in machine time",
    "backoffice/platform/provider_calls.py": "how long a provider took to answer",
}
READS = {
    "clock.now", "clock.wall", "clock.business_date", "clock.offset", "wall", "now",
    "business_date", "datetime.now", "datetime.utcnow", "datetime.today", "date.today",
    "timezone.now", "timezone.localtime", "timezone.localdate", "time.time", "time.monotonic",
    "monotonic",
}  # fmt: skip


def is_edge(path):
    parts = path.relative_to(SOURCES[0].parents[1]).parts
    return path.name in EDGES or any(part in EDGE_FOLDERS for part in parts[:-1])


def test_only_edges_read_a_clock():
    none(
        f"{at(path, call)} {ast.unparse(call.func)}()"
        for path in SOURCES
        if not is_edge(path) and name_of(path) not in CLOCK_MODULES
        for call in walk(path, ast.Call)
        if ast.unparse(call.func) in READS
    )


def test_money_is_neither_float_nor_decimal():
    forbidden = models.FloatField | models.DecimalField
    none(
        f"{inspect.getsourcefile(model)}: {model._meta.label}.{field.name}"
        for model in our_models()
        for field in model._meta.local_fields
        if isinstance(field, forbidden)
    )


def test_amounts_are_bigints_in_fen():
    none(
        f"{model._meta.label}.{field.name}"
        for model in our_models()
        for field in model._meta.local_fields
        if field.name.endswith("_fen") != isinstance(field, models.BigIntegerField)
        and field.name.endswith("_fen")
    )


def test_no_bulk_write_passes_by_the_machine():
    none(
        f"{at(path, call)} {ast.unparse(call)[:60]}"
        for path in SOURCES
        for call in walk(path, ast.Call)
        if isinstance(call.func, ast.Attribute)
        and (
            call.func.attr == "bulk_update"
            or (call.func.attr == "update" and "state" in {word.arg for word in call.keywords})
        )
    )


def test_no_machine_is_refreshed_in_place():
    none(
        f"{at(path, call)} read it again with select_for_update().get()"
        for path in SOURCES
        for call in walk(path, ast.Call)
        if isinstance(call.func, ast.Attribute) and call.func.attr == "refresh_from_db"
    )


def declared_transitions():
    for model in machines():
        for transition in model._meta.get_field("state").get_all_transitions(model):
            yield model, transition


def test_transitions_name_their_sources_and_one_target():
    none(
        f"{inspect.getsourcefile(model)}: {model.__name__}.{one.name} {one.source} -> {one.target}"
        for model, one in declared_transitions()
        if one.source in ("*", "+")
        or one.on_error is not None
        or isinstance(one.target, GET_STATE | RETURN_VALUE)
        or one.target not in dict(model._meta.get_field("state").choices)
        or one.source not in dict(model._meta.get_field("state").choices)
    )


def transition_bodies():
    for path in SOURCES:
        for function in functions(path):
            if any(name.endswith("transition") for name in decorators(function)):
                yield path, function


def test_transition_bodies_only_set_fields():
    none(
        f"{at(path, statement)} {function.name}: {ast.unparse(statement)[:60]}"
        for path, function in transition_bodies()
        for statement in function.body
        if not _sets_a_field(statement)
    )


def _sets_a_field(statement):
    """Whether it is a docstring, ``self.x = ...`` without a call, or ``self._helper(...)``."""
    if isinstance(statement, ast.Expr):
        value = statement.value
        if isinstance(value, ast.Call):
            return ast.unparse(value.func).startswith("self._")
        return isinstance(value, ast.Constant)
    if not isinstance(statement, ast.Assign | ast.AnnAssign):
        return False
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return all(ast.unparse(target).startswith("self.") for target in targets) and not any(
        isinstance(node, ast.Call) for node in ast.walk(statement)
    )


TOUCHES = {"save", "objects", "clock", "execute", "cursor", "update", "delete", "create", "delay"}


def test_helpers_of_transitions_touch_nothing_else():
    helpers = {
        (path, ast.unparse(call.func).removeprefix("self."))
        for path, function in transition_bodies()
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and ast.unparse(call.func).startswith("self._")
    }
    none(
        f"{at(path, node)} {function.name}: {ast.unparse(node)}"
        for path, name in helpers
        for function in functions(path)
        if function.name == name
        for node in ast.walk(function)
        if (isinstance(node, ast.Attribute) and node.attr in TOUCHES)
        or (isinstance(node, ast.Name) and node.id in TOUCHES)
    )


def test_tasks_are_at_most_eight_lines():
    none(
        f"{at(path, function)} {function.name} has {lines(function)} lines"
        for path in SOURCES
        for function in functions(path)
        if {"shared_task", "app.task"} & set(decorators(function)) and lines(function) > 8
    )


FRAMEWORKS = ("django", "django_fsm", "rest_framework", "celery", "psycopg")


def test_rules_import_no_framework():
    none(
        f"{at(path, node)} {ast.unparse(node)}"
        for path in RULES
        for node in walk(path, ast.Import, ast.ImportFrom)
        for name in _imported(node)
        if name.split(".")[0] in FRAMEWORKS
    )


def _imported(node):
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return [alias.name for alias in node.names]


def test_the_word_is_spelt_the_british_way():
    american = "install" + "ment"
    none(
        f"{name_of(path)}:{number} {line.strip()[:80]}"
        for path in texts()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if american in line.lower()
    )


def test_every_moment_names_its_clock():
    moments = {
        f"{model._meta.label}.{field.name}"
        for model in our_models()
        for field in model._meta.local_fields
        if isinstance(field, models.DateTimeField)
    }
    none(
        f"{name}: say in tests/clocks.py which clock it is" for name in sorted(moments - {*CLOCKS})
    )
    none(f"tests/clocks.py names {name}, which is gone" for name in sorted({*CLOCKS} - moments))
    assert {*CLOCKS.values()} <= {"product", "wall"}


def test_moments_and_days_are_named_as_such():
    none(
        f"{model._meta.label}.{field.name} is a {type(field).__name__}"
        for model in our_models()
        for field in model._meta.local_fields
        if (field.name.endswith("_at") and not isinstance(field, models.DateTimeField))
        or (field.name.endswith("_on") and type(field) is not models.DateField)
    )


@pytest.mark.parametrize("model", machines(), ids=lambda model: model._meta.label)
def test_a_machine_is_guarded_in_the_database(model):
    kinds = {type(trigger) for trigger in model._meta.triggers}
    checks = [c for c in model._meta.constraints if isinstance(c, models.CheckConstraint)]

    assert {Guard, InitialState} <= kinds
    assert any("state__in" in str(check.condition) for check in checks)
    assert "States:" in (model.__doc__ or ""), "its docstring says where it may go"


# Django names these; what they do stands in the class.
SPOKEN_FOR = {"ready"}


def test_everything_public_has_a_docstring():
    none(
        f"{at(path, node)} {getattr(node, 'name', 'module')}"
        for path in SOURCES
        for node in _public(path)
        if not ast.get_docstring(node)
    )


def _public(path):
    """The module, unless empty, its public classes and functions, and their methods.

    The methods of a management command are those of its base.
    """
    module = tree(path)
    if module.body:
        yield module
    waiting = [module]
    while waiting:
        for node in waiting.pop().body:
            if getattr(node, "name", "_").startswith("_"):
                continue
            if isinstance(node, ast.ClassDef) and node.name not in ("Meta", "Media"):
                yield node
                if "commands" not in path.parts:
                    waiting.append(node)
            elif isinstance(node, ast.FunctionDef) and node.name not in SPOKEN_FOR:
                yield node


def test_the_apps_are_all_here():
    assert {path.relative_to(SOURCES[0].parents[1]).parts[0] for path in SOURCES} <= {*APPS}


# Layers whose modules have a test module of the same name in the mirrored place.
TESTED = {"rules", "queries", "operations", "platform"}


def test_every_module_with_rules_queries_or_operations_has_its_test_module():
    none(
        f"{name_of(path)} has no {name_of(mirror)}"
        for path in SOURCES
        if TESTED & {*path.parts, path.stem}
        and path.name != "__init__.py"
        and next(walk(path, ast.FunctionDef), None)
        and not (mirror := mirrored(path)).exists()
    )


def mirrored(path):
    place = path.relative_to(ROOT)
    return ROOT / "tests" / place.parent / f"test_{place.name}"
