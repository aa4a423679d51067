"""Product numbers of scores and limits; the defaults are the rulebook's, the ids its rules.

``ScoringPolicy`` prices and grades a customer, ``LimitPolicy`` sizes and moves the limit,
``AssessmentPolicy`` says when a decision may be asked for and is due, ``AppealPolicy`` until when
it may be contested and by when an appeal is decided. The highest limit of a lender is a number of
accounts (LIMIT-1): it bounds authorisations there too.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from backoffice.core import ranges
from backoffice.core.ranges import FieldsCheck, number
from backoffice.core.translation import gettext_noop as _

# 24 % a year over 365 days: no daily rate is higher (RATE-7).
DAILY_MOST_PPM = 657
SCORE_MOST = 2000
GRADES = ("aaa", "aa", "a", "bbb", "bb", "b", "c")  # the best first
COMPONENTS = ("payment", "social", "wealth", "consumption", "performance")
OCCUPATIONS = ("civil_servant", "public_institution", "employee", "self_employed", "freelancer")
INDICATORS = tuple(f"pay_{n:02}" for n in range(1, 13))


def _percent(default: int, *, most: int = 100) -> int:
    share: int = number(default, least=0, most=most)
    return share


def _score(default: int) -> int:
    score: int = number(default, least=0, most=SCORE_MOST)
    return score


def _rate(default: int) -> int:
    rate: int = number(default, least=0, most=DAILY_MOST_PPM)
    return rate


@dataclass(frozen=True, slots=True)
class ScoringPolicy:
    """Product numbers of the score: weights, components, grades, rates, cross-checks."""

    # SCORE-1 30 + 25 + 20 + 15 + 10 = 100 %
    payment_weight_percent: int = _percent(30)
    social_weight_percent: int = _percent(25)
    wealth_weight_percent: int = _percent(20)
    consumption_weight_percent: int = _percent(15)
    performance_weight_percent: int = _percent(10)
    # SCORE-8 the scale 300 - 850
    score_base: int = _score(300)
    score_span: int = number(550, least=1, most=SCORE_MOST)
    # SCORE-11 the least score of each grade; below C is refused
    grade_aaa_min: int = _score(800)
    grade_aa_min: int = _score(750)
    grade_a_min: int = _score(700)
    grade_bbb_min: int = _score(650)
    grade_bb_min: int = _score(600)
    grade_b_min: int = _score(550)
    grade_c_min: int = _score(500)
    # RATE-1 日利率根据用户评级浮动在0.02%-0.05%
    rate_aaa_ppm: int = _rate(200)
    rate_aa_ppm: int = _rate(250)
    rate_a_ppm: int = _rate(300)
    rate_bbb_ppm: int = _rate(350)
    rate_bb_ppm: int = _rate(400)
    rate_b_ppm: int = _rate(450)
    rate_c_ppm: int = _rate(500)
    plan_score_min: int = _score(700)  # REPAY-6 plans of 3 and 6, 700 included
    long_plan_score_min: int = _score(750)  # REPAY-6 12期…750分以上
    # SCORE-3, GEN-10 单笔超过5000元, strictly more
    large_payment_fen: int = number(500_000, least=1, most=100_000_000)
    special_review_hours: int = number(24, least=1, most=720)  # SCORE-3
    # SCORE-4 points of a friend in tenths
    friend_user_tenths: int = number(20, least=0, most=1000)
    friend_transfer_tenths: int = number(10, least=0, most=1000)
    friend_other_tenths: int = number(2, least=0, most=1000)
    friends_other_max_tenths: int = number(200, least=0, most=1000)
    friend_depth2_tenths: int = number(5, least=0, most=1000)
    friend_overdue_tenths: int = number(50, least=0, most=1000)
    # SCORE-5 stable days, a balance of one month's income, frequent moves
    wealth_stable_points: int = _percent(80)
    wealth_stable_days: int = number(365, least=1, most=3650)
    wealth_balance_points: int = _percent(20)
    wealth_balance_months: int = number(1, least=1, most=60)
    wealth_moves_free: int = number(4, least=0, most=100)
    wealth_moves_days: int = number(30, least=1, most=365)
    wealth_move_points: int = _percent(8)
    # SCORE-6 points lost by a month of code 1, 2, 3
    performance_code_1_points: int = _percent(10)
    performance_code_2_points: int = _percent(30)
    performance_code_3_points: int = _percent(60)
    bureau_months: int = number(24, least=1, most=60)  # SCORE-6, ELIG-11 最近24个月
    # SCORE-7 日常商超消费占比超过60%
    consumption_knee_percent: int = number(60, least=1, most=99)
    consumption_knee_points: int = _percent(80)
    # SCORE-2 what the twelve indicators look back on; their weights
    behaviour_days: int = number(90, least=30, most=365)
    behaviour_months: int = number(6, least=1, most=24)
    large_payment_days: int = number(30, least=1, most=365)
    pay_01_weight_percent: int = _percent(14)
    pay_02_weight_percent: int = _percent(14)
    pay_03_weight_percent: int = _percent(8)
    pay_04_weight_percent: int = _percent(8)
    pay_05_weight_percent: int = _percent(10)
    pay_06_weight_percent: int = _percent(6)
    pay_07_weight_percent: int = _percent(8)
    pay_08_weight_percent: int = _percent(6)
    pay_09_weight_percent: int = _percent(6)
    pay_10_weight_percent: int = _percent(8)
    pay_11_weight_percent: int = _percent(6)
    pay_12_weight_percent: int = _percent(6)
    # SCORE-2 the value that gets 100 points, or the points that a whole unit takes or gives
    pay_01_full: int = number(8, least=1, most=1000)  # payments a day
    pay_02_full: int = number(30_000, least=1, most=100_000_000)  # fen a day
    pay_03_points: int = number(15, least=0, most=100)  # for each large payment
    pay_04_points: int = number(250, least=0, most=10_000)  # for a share of 1
    pay_05_full: int = number(90, least=1, most=365)  # days
    pay_06_full: int = number(30, least=1, most=1000)  # merchants
    pay_07_full: int = number(12, least=1, most=1000)  # payments
    pay_08_points: int = number(500, least=0, most=10_000)  # for a share of 1
    pay_09_points: int = number(300, least=0, most=10_000)  # for a share of 1
    pay_10_points: int = number(100, least=0, most=10_000)  # for a coefficient of 1
    pay_11_points: int = number(100, least=0, most=10_000)  # for a share of 1
    pay_12_full: int = number(24, least=1, most=600)  # months
    # SCORE-12, APP-011 a declared income of three times the inflow contradicts it
    income_times_max_permille: int = number(3000, least=1000, most=100_000)

    def __post_init__(self) -> None:
        """Refuse numbers out of range and such that cannot work together; raises ValueError."""
        ranges.check(self)
        ranges.require(*self._weights_and_grades(), *self._components())

    def _weights_and_grades(self) -> Iterable[FieldsCheck]:
        lowest, rates = _names("grade_{}_min", GRADES), _names("rate_{}_ppm", GRADES)
        yield self._weighs(COMPONENTS, _("the weights of the five components sum to 100"))
        # SCORE-9: what no score can do without must be able to carry one.
        yield FieldsCheck(
            bool(self.payment_weight_percent and self.performance_weight_percent),
            _("payment and performance weigh something"),
            ("payment_weight_percent", "performance_weight_percent"),
        )
        yield self._weighs(INDICATORS, _("the weights of the twelve indicators sum to 100"))
        scores = [getattr(self, name) for name in lowest]
        yield FieldsCheck(
            sorted(set(scores), reverse=True) == scores,
            _("each grade begins below the better one"),
            lowest,
        )
        yield FieldsCheck(
            self.score_base <= self.grade_c_min and scores[0] <= self.score_base + self.score_span,
            _("every grade begins within the scale of the score"),
            ("score_base", "score_span", "grade_aaa_min", "grade_c_min"),
        )
        yield _ordered(self, rates, _("a lower grade has no lower rate"))
        plans = ("plan_score_min", "long_plan_score_min")
        yield _ordered(
            self, plans, _("the score for a long plan is not below that for a short one")
        )
        yield FieldsCheck(
            self.long_plan_score_min <= self.score_base + self.score_span,
            _("the score for a plan is within the scale of the score"),
            (*plans, "score_base", "score_span"),
        )

    def _components(self) -> Iterable[FieldsCheck]:
        yield _ordered(
            self,
            ("friend_other_tenths", "friend_transfer_tenths", "friend_user_tenths"),
            _("a closer friend counts no less"),
        )
        yield FieldsCheck(
            self.friend_other_tenths <= self.friends_other_max_tenths,
            _("one other friend counts no more than all of them may"),
            ("friend_other_tenths", "friends_other_max_tenths"),
        )
        yield FieldsCheck(
            self.wealth_stable_points + self.wealth_balance_points <= 100,
            _("the points of holdings sum to at most 100"),
            ("wealth_stable_points", "wealth_balance_points"),
        )
        yield _ordered(
            self,
            _names("performance_code_{}_points", (1, 2, 3)),
            _("a longer delay takes no fewer points"),
        )
        yield FieldsCheck(
            self.pay_05_full <= self.behaviour_days,
            _("no more days can be active than are looked back on"),
            ("pay_05_full", "behaviour_days"),
        )

    def _weighs(self, names: Iterable[str], why: str) -> FieldsCheck:
        return FieldsCheck(self._weight(names) == 100, why, _names("{}_weight_percent", names))

    def _weight(self, names: Iterable[str]) -> int:
        return sum(getattr(self, f"{name}_weight_percent") for name in names)


def _names(pattern: str, parts: Iterable[object]) -> tuple[str, ...]:
    return tuple(pattern.format(part) for part in parts)


def _ordered(policy: object, names: Sequence[str], why: str) -> FieldsCheck:
    """Return the check that the values of fields do not fall."""
    values = [getattr(policy, name) for name in names]
    return FieldsCheck(ranges.is_sorted(values), why, tuple(names))


def _permille(default: int, *, least: int = 0, most: int = 1000) -> int:
    permille: int = number(default, least=least, most=most)
    return permille


@dataclass(frozen=True, slots=True)
class LimitPolicy:
    """Product numbers of limits. A line stores the buffer it was opened with."""

    buffer_permille: int = _permille(150)  # LIMIT-9 实际可用额度比显示额度低15%
    # LIMIT-1 500-30万; the highest limit is a number of accounts
    limit_min_fen: int = number(50_000, least=1, most=30_000_000)
    limit_step_fen: int = number(10_000, least=1, most=1_000_000)  # GEN-2 to 100 yuan
    income_permille: int = _permille(2000, least=1, most=10_000)  # LIMIT-2 月收入×2倍
    # LIMIT-2 月收入5000元以下, 5,000.00 included
    low_income_fen: int = number(500_000, least=0, most=100_000_000)
    # LIMIT-2 初始额度通常不超过1万元
    low_income_limit_fen: int = number(1_000_000, least=1, most=30_000_000)
    # LIMIT-3 公务员/事业单位1.2-1.5倍…自由职业者0.8倍, by complete years in it
    occupation_middle_years: int = number(3, least=1, most=50)
    occupation_senior_years: int = number(10, least=1, most=50)
    civil_servant_permille: int = _permille(1200, least=800, most=1500)
    civil_servant_middle_permille: int = _permille(1350, least=800, most=1500)
    civil_servant_senior_permille: int = _permille(1500, least=800, most=1500)
    public_institution_permille: int = _permille(1200, least=800, most=1500)
    public_institution_middle_permille: int = _permille(1300, least=800, most=1500)
    public_institution_senior_permille: int = _permille(1400, least=800, most=1500)
    employee_permille: int = _permille(1000, least=800, most=1500)
    self_employed_permille: int = _permille(900, least=800, most=1500)
    freelancer_permille: int = _permille(800, least=800, most=1500)
    # LIMIT-3 names no other occupation: the least of its factors
    other_occupation_permille: int = _permille(800, least=800, most=1500)
    # LIMIT-3 年度审核: without a valid proof no factor is above 1
    proof_days: int = number(365, least=1, most=3650)
    unproved_occupation_max_permille: int = _permille(1000, least=800, most=1500)
    # LIMIT-4 每项有效资产可提升10%-15%, summed
    house_percent: int = _percent(15)
    vehicle_percent: int = _percent(10)
    other_asset_percent: int = _percent(10)
    assets_max_percent: int = _percent(45, most=300)
    daily_walk_permille: int = _permille(200)  # LIMIT-5 每日额度波动上限为±20%
    # LIMIT-6, GEN-10 大额消费, strictly more; 80% is held for 72 h
    reserve_over_fen: int = number(500_000, least=0, most=100_000_000)
    reserve_permille: int = _permille(800)
    reserve_hours: int = number(72, least=1, most=720)
    temporary_bills: int = number(3, least=1, most=24)  # LIMIT-7 连续3个月全额还款记录
    temporary_days_max: int = number(30, least=1, most=30)  # LIMIT-8 最长有效期不超过30天
    temporary_max_permille: int = _permille(200)  # LIMIT-8 of the fixed limit
    temporary_gap_days: int = number(30, least=0, most=365)  # LIMIT-8 between two
    # LIMIT-10 每期±5%
    growth_up_permille: int = _permille(1050, least=1000, most=2000)
    growth_down_permille: int = _permille(950, least=1)
    # LIMIT-11 每年最高15%, over rolling 365 days
    growth_ceiling_permille: int = _permille(1150, least=1000, most=2000)
    growth_window_days: int = number(365, least=365, most=3650)
    # LIMIT-12 the factor by the consumption component
    consumption_middle_min: int = _percent(40)
    consumption_high_min: int = _percent(80)
    consumption_low_permille: int = _permille(900, least=900, most=1100)
    consumption_middle_permille: int = _permille(1000, least=900, most=1100)
    consumption_high_permille: int = _permille(1100, least=900, most=1100)
    # SCORE-10 growth points of a year
    growth_point_day: int = number(1, least=0, most=100)
    growth_point_bill: int = number(10, least=0, most=1000)
    growth_points_full: int = number(400, least=1, most=100_000)
    growth_points_max_percent: int = _percent(15, most=15)

    def __post_init__(self) -> None:
        """Refuse numbers out of range and such that cannot work together; raises ValueError."""
        ranges.check(self)
        ranges.require(*self._amounts(), *self._factors(), *self._growth())

    def _amounts(self) -> Iterable[FieldsCheck]:
        step_fen, low_fen = self.limit_step_fen, self.low_income_limit_fen
        yield FieldsCheck(
            self.limit_min_fen % step_fen == low_fen % step_fen == 0,
            _("the lowest limit and that of low incomes are whole steps"),
            ("limit_min_fen", "low_income_limit_fen", "limit_step_fen"),
        )
        yield FieldsCheck(
            self.limit_min_fen <= low_fen,
            _("the lowest limit is not above that of low incomes"),
            ("limit_min_fen", "low_income_limit_fen"),
        )
        # A rise is rounded down to a step: a smaller one would leave a limit where it is for good.
        yield FieldsCheck(
            self.limit_min_fen * self.daily_walk_permille >= 1000 * step_fen,
            _("the lowest limit can rise by a step in a day"),
            ("limit_min_fen", "daily_walk_permille", "limit_step_fen"),
        )
        assets = ("house_percent", "vehicle_percent", "other_asset_percent")
        yield FieldsCheck(
            max(getattr(self, name) for name in assets) <= self.assets_max_percent,
            _("one asset gives no more than all assets may"),
            (*assets, "assets_max_percent"),
        )

    def _factors(self) -> Iterable[FieldsCheck]:
        years = ("occupation_middle_years", "occupation_senior_years")
        yield _ordered(self, years, _("the years of a senior are not fewer than the middle ones"))
        for kind in ("civil_servant", "public_institution"):
            yield _ordered(
                self,
                _names(f"{kind}{{}}_permille", ("", "_middle", "_senior")),
                _("more years in an occupation have no lower factor"),
            )
        # LIMIT-3 names no other occupation: it has no more than the least that is named.
        named = _names("{}_permille", OCCUPATIONS)
        yield FieldsCheck(
            self.other_occupation_permille <= min(getattr(self, name) for name in named),
            _("an occupation that is not named has no higher factor than those that are"),
            ("other_occupation_permille", *named),
        )
        minima = ("consumption_middle_min", "consumption_high_min")
        yield _ordered(self, minima, _("the high band of consumption begins above the middle one"))
        yield _ordered(
            self,
            _names("consumption_{}_permille", ("low", "middle", "high")),
            _("a higher band of consumption has no lower factor"),
        )

    def _growth(self) -> Iterable[FieldsCheck]:
        # Otherwise one rise alone would pass the ceiling of a year.
        yield _ordered(
            self,
            ("growth_up_permille", "growth_ceiling_permille"),
            _("one rise is not above the rises of a year"),
        )
        yield FieldsCheck(
            1000 + 10 * self.growth_points_max_percent <= self.growth_ceiling_permille,
            _("growth points give no more than the rises of a year"),
            ("growth_points_max_percent", "growth_ceiling_permille"),
        )


@dataclass(frozen=True, slots=True)
class AssessmentPolicy:
    """When an assessment may be requested again, and by when it is decided."""

    decision_minutes: int = number(15, least=1, most=1440)  # GEN-12 15分钟
    human_review_hours: int = number(24, least=1, most=720)  # LAW-18 names no time
    # No rule names a time between two requests. After 30 days a new credit report is fetched, so
    # that a second score is one of new facts; a human review may be asked for at once (FAQ-1).
    again_after_refusal_days: int = number(30, least=0, most=365)
    again_after_approval_days: int = number(30, least=0, most=365)
    # For how long a person may be asked to look at a cut of the limit (LAW-18 names no time): as
    # long as a decision may be contested.
    cut_review_days: int = number(60, least=1, most=3650)

    def __post_init__(self) -> None:
        """Refuse numbers out of range; raises ValueError."""
        ranges.check(self)


@dataclass(frozen=True, slots=True)
class AppealPolicy:
    """Until when a decision may be contested, and the deadlines of an appeal, in natural days."""

    review_days: int = number(15, least=1, most=180)  # FAQ-8 decision within 15 days
    bureau_review_days: int = number(20, least=1, most=180)  # FAQ-8 20 for credit reports
    # No rule names the following. Sixty days leave time for papers; a shorter time than the 30 days
    # after which another assessment may be requested would make an appeal the slower way.
    filing_days: int = number(60, least=1, most=3650)
    answer_days: int = number(15, least=1, most=180)  # for the customer to send what is missing
    close_days: int = number(7, least=0, most=365)  # an outcome that nobody reads
    materials_max: int = number(20, least=1, most=200)

    def __post_init__(self) -> None:
        """Refuse numbers out of range and such that cannot work together; raises ValueError."""
        ranges.check(self)
        ranges.require(
            _ordered(
                self,
                ("review_days", "bureau_review_days"),
                _("an objection to a credit report has no shorter deadline"),
            )
        )
