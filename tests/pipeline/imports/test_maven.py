"""The demo files are read as they are; each oddity is known, each broken row is named."""

import shutil
from collections import Counter
from decimal import Decimal

import pytest

from pipeline.imports import maven


@pytest.fixture(scope="module")
def files():
    return maven.read_files()


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(maven.DEMO_FOLDER, tmp_path / "files")


def spoil(folder, name, old, new):
    path = folder / name
    text = path.read_bytes().decode()
    assert old in text
    path.write_bytes(text.replace(old, new, 1).encode())


def test_every_row_is_read_without_a_problem(files):
    assert files.problems == []
    assert Counter(row.status for row in files.deals) == {"won": 4238, "lost": 2473, "open": 2089}
    assert (len(files.agents), len(files.products), len(files.companies)) == (35, 7, 85)


def test_gtxpro_is_the_gtx_pro_of_the_list(files):
    assert sum(row.product == "GTX Pro" for row in files.deals) == 1480


def test_misspelt_industry_and_country_are_mended(files):
    companies = {row.name: row for row in files.companies}
    assert companies["Acme Corporation"].industry == "technology"
    assert companies["Bioholding"].country == "PH"
    assert companies["Hottechi"].country == "KR"


def test_names_of_companies_and_people_stay_as_they_are(files):
    assert {"dambase", "Gekko & Co", "Xx-zobam"} <= {row.name for row in files.companies}
    assert {"Mei-Mei Johns", "Violet Mclelland"} <= {row.name for row in files.agents}


def test_revenue_is_in_dollars(files):
    assert next(row.revenue for row in files.companies if row.name == "Condax") == Decimal("4540000.00")


def test_a_lost_zero_is_no_value(files):
    assert {row.value for row in files.deals if row.status == "lost"} == {None}
    assert {row.value for row in files.deals if row.status == "open"} == {None}


def test_prospecting_has_no_date(files):
    prospecting = [row for row in files.deals if row.stage == "Prospecting"]
    assert len(prospecting) == 500
    assert {row.engaged_on for row in prospecting} == {None}


def test_open_deals_may_be_without_a_company_and_alike(files):
    assert sum(not row.company for row in files.deals) == 1425
    assert all(row.company for row in files.deals if row.status != "open")
    assert len({row.external_id for row in files.deals}) == 8800


@pytest.mark.parametrize(
    ("name", "old", "new", "column", "code"),
    [
        ("sales_pipeline.csv", "2016-10-20", "20.10.2016", "engage_date", "not_a_date"),
        ("sales_pipeline.csv", "2016-10-20", "2017-10-20", "close_date", "closed_before_engaged"),
        ("sales_pipeline.csv", "Moses Frase", "Moses Fraise", "sales_agent", "unknown_name"),
        ("sales_pipeline.csv", "1054", "a lot", "close_value", "not_a_number"),
        ("sales_pipeline.csv", "1C1I7A6R", "Z063OYW0", "opportunity_id", "repeated"),
        ("accounts.csv", "United States,Acme", "United States,Acne", "subsidiary_of", "unknown_parent"),
        ("accounts.csv", "United States", "Untied States", "office_location", "unknown_country"),
    ],
)
def test_a_broken_row_is_named(folder, name, old, new, column, code):
    spoil(folder, name, old, new)
    problem = maven.read_files(folder).problems[0]
    assert (problem.file, problem.column, problem.code) == (name, column, code)
    assert str(problem).startswith(f"{name}, row ")


def test_what_is_odd_is_remarked_on(files):
    assert Counter((remark.column, remark.code) for remark in files.remarks) == {
        ("product", "mended"): 1480,
        ("account", "no_company"): 1425,
        ("engage_date", "no_date"): 500,
        ("engage_date", "before_founding"): 5,
        ("opportunity_id", "same_as_another"): 352,
        ("sector", "mended"): 12,
        ("office_location", "mended"): 2,
    }
    first = next(remark for remark in files.remarks if remark.column == "product")
    assert (first.file, first.row) == ("sales_pipeline.csv", 2)
    assert "'GTXPro' is read as 'GTX Pro'" in str(first)
