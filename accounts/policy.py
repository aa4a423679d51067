"""Product numbers of accounts; the defaults are the rulebook's, the ids its rules."""

from dataclasses import dataclass

LENDERS = ("BANK", "MICRO")


@dataclass(frozen=True, slots=True)
class AccountPolicy:
    """Product numbers of onboarding: who may open a line, when, and how an identity is verified."""

    lender_type: str = "BANK"  # LIMIT-1, LAW-11 a bank, or a micro-loan company (MICRO)
    age_min: int = 18  # ELIG-1 18-60周岁
    age_max: int = 60  # ELIG-1 to the day before the 61st birthday
    student_review_age_max: int = 21  # LAW-11, IDN-020 younger than 22: a person looks
    cooling_off_hours: int = 720  # ELIG-10 30天的冷静期, to the hour
    history_months: int = 6  # ELIG-12 至少6个月以上的微信使用历史
    face_pass_permille: int = 800  # SEC-3 80 and above passes
    face_review_permille: int = 700  # SEC-3 from 70 a person decides, below it is refused
    face_accepted_max_ppb: int = 100_000  # SEC-3 错误接受率控制在0.01%以下, its upper bound
    device_accuracy_min_ppm: int = 997_000  # SEC-2 设备指纹识别精度达到99.7%
    check_valid_hours: int = 24  # ELIG-3 a result is valid for 24 h
    identity_tries_max: int = 5  # a day: the check must not answer guesses
    card_tries_max: int = 5  # a day: neither must this one
    accounts_max: int = 3  # ELIG-8 同一身份证最多可绑定3个微信账号
    unbound_account_days: int = 180  # ELIG-8 an unbound account keeps its seat for 180 days
    device_accounts_max: int = 3  # ELIG-9, DEV-012 more in 30 days: blocked
    device_accounts_days: int = 30  # ELIG-9
    device_people_min: int = 4  # ELIG-9, DEV-011 as many people on a device: a person decides
    cards_max: int = 10  # bound at the same time
    password_length_min: int = 8  # SEC-4
    password_days: int = 90  # SEC-4 每季度强制更换
    password_history: int = 4  # SEC-4 the last four may not be used again
    password_tries_max: int = 5  # SEC-4 wrong in a day
    authorisation_minutes: int = 5  # SEC-4 a grant for one movement of money
    limit_bank_max_fen: int = 30_000_000  # LIMIT-1 300,000.00 through the internet at a bank
    limit_micro_max_fen: int = 20_000_000  # LIMIT-1, LAW-8 200,000.00 at a micro-loan company
    proof_bytes_max: int = 10_485_760  # 10 MB a file
    proof_pixels_max: int = 25_000_000  # decoded, of a picture: some 500 MB while it is re-encoded
    proofs_max: int = 20  # kept at the same time
    face_token_days: int = 30  # LAW-18 face data go after 30 days, the result stays
    log_days: int = 180  # LAW-19 logs are kept for six months
    kyc_years: int = 10  # LAW-19 identity and transactions, after the relation has ended
    complaint_days: int = 15  # a complaint is answered within 15 days

    @property
    def limit_max_fen(self) -> int:
        """Return the highest limit, temporary limit included, that the lender may grant."""
        is_bank = self.lender_type == "BANK"
        return self.limit_bank_max_fen if is_bank else self.limit_micro_max_fen

    def __post_init__(self) -> None:
        """Refuse numbers that cannot work together; raises ValueError."""
        if self.lender_type not in LENDERS:
            raise ValueError(f"the lender is one of {', '.join(LENDERS)}")
        if not 18 <= self.age_min <= self.age_max:
            raise ValueError("minors are not lent to, and the ages must be ordered")
        if not 0 < self.face_review_permille <= self.face_pass_permille <= 1000:
            raise ValueError("face scores are permille, and the review lies below the pass")
        if not 1 <= self.accounts_max <= 3:
            raise ValueError("one to three WeChat accounts: the database has no fourth seat")
        if self.log_days < 180 or self.kyc_years < 10:
            raise ValueError("the law keeps logs six months and identities ten years at least")
        if min(self.cooling_off_hours, self.history_months, self.password_history) < 0:
            raise ValueError("times and counts are not negative")
        if min(self.limit_bank_max_fen, self.limit_micro_max_fen) <= 0:
            raise ValueError("the highest limits are above 0")
