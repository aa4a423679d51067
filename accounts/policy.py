"""Product numbers of accounts; the defaults are the rulebook's, the ids its rules."""

from dataclasses import dataclass

from backoffice.core import ranges
from backoffice.core.ranges import FieldsCheck, number, option
from backoffice.core.translation import gettext_noop as _

LENDERS = ("BANK", "MICRO")


@dataclass(frozen=True, slots=True)
class AccountPolicy:
    """Product numbers of onboarding: who may open a line, when, and how an identity is verified."""

    # LIMIT-1, LAW-11 a bank, or a micro-loan company (MICRO)
    lender_type: str = option("BANK", LENDERS)
    age_min: int = number(18, least=18, most=60)  # ELIG-1 18-60周岁
    age_max: int = number(60, least=18, most=100)  # ELIG-1 to the day before the 61st birthday
    # LAW-11, IDN-020 younger than 22: a person looks
    student_review_age_max: int = number(21, least=18, most=30)
    cooling_off_hours: int = number(720, least=0, most=8760)  # ELIG-10 30天的冷静期, to the hour
    history_months: int = number(6, least=0, most=120)  # ELIG-12 至少6个月以上的微信使用历史
    face_pass_permille: int = number(800, least=1, most=1000)  # SEC-3 80 and above passes
    # SEC-3 from 70 a person decides, below it is refused
    face_review_permille: int = number(700, least=1, most=1000)
    # SEC-3 错误接受率控制在0.01%以下, its upper bound
    face_accepted_max_ppb: int = number(100_000, least=1, most=100_000)
    # SEC-2 设备指纹识别精度达到99.7%
    device_accuracy_min_ppm: int = number(997_000, least=900_000, most=1_000_000)
    check_valid_hours: int = number(24, least=1, most=72)  # ELIG-3 a result is valid for 24 h
    # a day: the check must not answer guesses
    identity_tries_max: int = number(5, least=1, most=20)
    card_tries_max: int = number(5, least=1, most=20)  # a day: neither must this one
    accounts_max: int = number(3, least=1, most=3)  # ELIG-8 同一身份证最多可绑定3个微信账号
    # ELIG-8 an unbound account keeps its seat for 180 days
    unbound_account_days: int = number(180, least=0, most=3650)
    # ELIG-9, DEV-012 more in 30 days: blocked
    device_accounts_max: int = number(3, least=1, most=20)
    device_accounts_days: int = number(30, least=1, most=365)  # ELIG-9
    # ELIG-9, DEV-011 as many people on a device: a person decides
    device_people_min: int = number(4, least=2, most=100)
    cards_max: int = number(10, least=1, most=50)  # bound at the same time
    password_length_min: int = number(8, least=8, most=64)  # SEC-4
    password_days: int = number(90, least=1, most=365)  # SEC-4 每季度强制更换
    password_history: int = number(4, least=0, most=24)  # SEC-4 the last four may not be used again
    password_tries_max: int = number(5, least=1, most=10)  # SEC-4 wrong in a day
    # SEC-4 a grant for one movement of money
    authorisation_minutes: int = number(5, least=1, most=30)
    # LIMIT-1 300,000.00 through the internet at a bank
    limit_bank_max_fen: int = number(30_000_000, least=1, most=30_000_000)
    # LIMIT-1, LAW-8 200,000.00 at a micro-loan company
    limit_micro_max_fen: int = number(20_000_000, least=1, most=20_000_000)
    proof_bytes_max: int = number(10_485_760, least=1024, most=52_428_800)  # 10 MB a file
    # decoded, of a picture: some 500 MB while it is re-encoded
    proof_pixels_max: int = number(25_000_000, least=10_000, most=50_000_000)
    proofs_max: int = number(20, least=1, most=100)  # kept at the same time
    # LAW-18 face data go after 30 days, the result stays
    face_token_days: int = number(30, least=1, most=30)
    log_days: int = number(180, least=180, most=3650)  # LAW-19 logs are kept for six months
    # LAW-19 identity and transactions, after the relation has ended
    kyc_years: int = number(10, least=10, most=50)
    complaint_days: int = number(15, least=1, most=15)  # a complaint is answered within 15 days

    @property
    def limit_max_fen(self) -> int:
        """Return the highest limit, temporary limit included, that the lender may grant."""
        is_bank = self.lender_type == "BANK"
        return self.limit_bank_max_fen if is_bank else self.limit_micro_max_fen

    def __post_init__(self) -> None:
        """Refuse numbers out of range and such that cannot work together; raises ValueError."""
        ranges.check(self)
        ranges.require(
            FieldsCheck(
                self.age_min <= self.age_max,
                _("the lowest age is not above the highest"),
                ("age_min", "age_max"),
            ),
            FieldsCheck(
                self.face_review_permille <= self.face_pass_permille,
                _("the face score of a review is not above the one that passes"),
                ("face_review_permille", "face_pass_permille"),
            ),
            # LIMIT-1: the law gives a bank more than a micro-loan company, never less.
            FieldsCheck(
                self.limit_micro_max_fen <= self.limit_bank_max_fen,
                _("the highest limit of a micro-loan company is not above that of a bank"),
                ("limit_micro_max_fen", "limit_bank_max_fen"),
            ),
        )
