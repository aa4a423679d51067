"""``python -m tests.mutants``: what ``make mutants`` runs, mutation testing of the rules."""

import argparse
import sys

from tests.mutants import equivalent, mutated_copy, report, sample


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text}: 至少 1 / at least 1")
    return int(text)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    command_line = argparse.ArgumentParser(prog="make mutants ARGS=...", description=__doc__)
    command_line.add_argument(
        "--sample", type=_at_least_one, help="so many, of each package its share; default all"
    )
    command_line.add_argument("--seed", type=int, default=1, help="of the sample, default 1")
    command_line.add_argument(
        "--only", nargs="+", default=[], metavar="NAME", help="loans, risk.lines, ...; default both"
    )
    command_line.add_argument(
        "--children", type=_at_least_one, default=1, help="processes at once, default 1"
    )
    command_line.add_argument(
        "--resume", action="store_true", help="keep what an earlier run has killed, try the rest"
    )
    return command_line


def main() -> int:
    """Try the mutants and report; return the exit code."""
    options = parser().parse_args()
    if not options.resume:
        mutated_copy.clear()
    mutated_copy.write(children=options.children)
    mutants = sample.below(mutated_copy.verdicts(), options.only)
    if options.sample is not None:
        mutants = sample.draw(mutants, options.sample, seed=options.seed)
    if not mutants:
        print(f"没有变异体 / no mutant below {' '.join(options.only)}", file=sys.stderr)
        return 2
    verdicts = mutated_copy.verdicts()
    left = [each for each in mutants if not report.is_found(verdicts[each])]
    code = mutated_copy.run(left, children=options.children) if left else 0
    # Where the tests fail without any mutant, nothing was tried: mutmut has printed why.
    if any(mutated_copy.verdicts()[each] is not None for each in mutants):
        show(mutants, is_sample=options.sample is not None)
    return code


def show(mutants: list[str], *, is_sample: bool) -> None:
    """Print the tables and every survivor with its diff."""
    verdicts = mutated_copy.verdicts()
    tried = {each: verdict for each in mutants if (verdict := verdicts[each]) is not None}
    outcomes, diffs = {}, {}
    for mutant, verdict in tried.items():
        outcomes[mutant] = report.outcome(verdict, is_equivalent=False)
        if outcomes[mutant] == "survived":
            diffs[mutant] = mutated_copy.diff(mutant)
            named = equivalent.is_equivalent(mutant, diffs[mutant])
            outcomes[mutant] = report.outcome(verdict, is_equivalent=named)
    for mutant, changed in diffs.items():
        if outcomes[mutant] == "survived":
            print(f"\n{mutant}: {tried[mutant]}\n{changed}")
    groups = (sample.module_of, sample.package_of, sample.app_of)
    print("", *report.table(outcomes, groups, is_sample=is_sample), sep="\n")
    if len(tried) < len(mutants):
        print(f"未测 / not tried: {len(mutants) - len(tried)}; --resume")


if __name__ == "__main__":
    sys.exit(main())
