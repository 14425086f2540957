"""Countries and states carry the ids and external ids that a real Odoo gives them."""

import pytest

from careloom.sim.odoo.geography import countries, states


@pytest.mark.parametrize(
    ("number", "code", "external_id"), [(57, "DE", "de"), (77, "GB", "uk"), (233, "US", "us"), (38, "CA", "ca")]
)
def test_countries_are_numbered_by_code(number: int, code: str, external_id: str) -> None:
    country = countries()[number - 1]
    assert (country.code, country.external_id) == (code, external_id)


def test_every_country_appears_once_with_a_name() -> None:
    codes = [country.code for country in countries()]
    assert len(codes) == len(set(codes)) == 251
    assert all(len(code) == 2 and code.isupper() for code in codes)
    assert all(country.name and country.name == country.name.strip() for country in countries())


@pytest.mark.parametrize(
    ("external_id", "code"),
    [("state_us_1", "AL"), ("state_us_5", "CA"), ("state_us_14", "IL"), ("state_us_39", "PA"), ("state_us_51", "WY")],
)
def test_american_states_are_numbered_not_named(external_id: str, code: str) -> None:
    [state] = [state for state in states() if state.external_id == external_id]
    assert (state.country, state.code) == ("US", code)


def test_territories_and_provinces_carry_their_codes() -> None:
    names = {state.external_id: state.name for state in states()}
    assert names["state_us_pr"] == "Puerto Rico"
    assert names["state_ca_on"] == "Ontario"
    assert "state_us_il" not in names
