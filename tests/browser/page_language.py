"""Text of a page in the wrong language."""

import csv
import re
import socket
from pathlib import Path

# What stays Latin in a Chinese page: names, codes, ids and the names of both languages.
LATIN = re.compile(
    r"^(admin|ID|FAQ|PAY|PDF|BIN表?|C|English|en|zh-hans|EN|ZH-HANS|Esc|Ctrl|K|loans|bill|loan|creditline|mandate|"
    r"debitorder|risk|jobpause|backoffice|acct|own|"
    r"enter_grace|record_overdue|settle|cure|suspend|resume|pay|send|succeed|fail|mark_unknown|"
    r"terminate|ref|book|B\d+|C\d+|L\d+|M\d+|R\d+|U\d+|T\d+|[A-Z]+(_[A-Z]+)+|[A-Z]{5,}|I+类\w*|\w*\d\w*)$"
)
with Path("accounts/data/bank_bins.csv").open(encoding="utf-8") as lines:
    BANKS = list(csv.DictReader(lines))
NAMES = {"Backoffice", "Manager", *re.findall(r"\w+", socket.gethostname())}
NAMES |= {
    word for bank in BANKS for word in re.findall(r"\w+", f"{bank['bank_en']} {bank['code']}")
}
# What stays Chinese in an English page: people, their banks and the name of the other language.
CHINESE = re.compile(r"[\u4e00-\u9fff]+(?!\*)")
CHINESE_NAMES = {"工商银行", "农业银行", "中国银行", "建设银行", "交通银行", "邮储银行", "简体中文"}
CHINESE_NAMES |= {bank["bank_zh"] for bank in BANKS}


def english(text):
    """Return the Latin words of a Chinese page that are no names or codes."""
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "", text)  # public ids
    words = set(re.findall(r"[A-Za-z_]\w+", text)) - NAMES
    return sorted(word for word in words if not LATIN.match(word))


def chinese(text):
    """Return the Chinese words of an English page that are no names."""
    return sorted(set(CHINESE.findall(text)) - CHINESE_NAMES)
