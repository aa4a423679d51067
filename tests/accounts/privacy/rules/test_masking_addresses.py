"""How much of an address staff may see."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.privacy.rules import masking
from tests.profiles import pure


@pytest.mark.parametrize(
    ("full", "shown"),
    [
        ("北京市朝阳区建国路1号", "北京市朝阳区***"),
        ("浙江省杭州市西湖区文三路90号", "浙江省杭州市西湖区***"),
        ("浙江省义乌市江东街道5号", "浙江省义乌市***"),
        ("内蒙古自治区锡林郭勒盟正蓝旗1号", "内蒙古自治区锡林郭勒盟正蓝旗***"),
        ("四川省凉山彝族自治州西昌市1号", "四川省凉山彝族自治州西昌市***"),
        ("河北省正定县中山路", "河北省正定县***"),
        ("上海市幸福小区3栋", "上海市***"),
        ("幸福小区3栋", "***"),
        ("1 Nanjing Road", "***"),
        ("", ""),
        (None, ""),
    ],
)
def test_an_address_is_shown_to_its_district(full, shown):
    assert masking.address(full) == shown


@pure
@given(st.text(max_size=60))
def test_of_no_address_more_than_its_beginning_is_shown(full):
    assert full.startswith(masking.address(full).removesuffix("***"))


def test_what_is_not_there_is_shown_as_nothing():
    assert masking.phone(None) == ""
    assert masking.id_number("") == ""
