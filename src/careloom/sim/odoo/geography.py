"""Countries and states as a fresh Odoo has them: ids in the order of the country codes, external ids in module `base`.

A trap kept on purpose: a country's external id is its lower-case code, but the United Kingdom (code GB) is `base.uk`;
and the states of the United States are numbered (`base.state_us_14` is Illinois), while Canada's carry their codes.
"""

from __future__ import annotations

from dataclasses import dataclass

_COUNTRIES = """
AD Andorra;AE United Arab Emirates;AF Afghanistan;AG Antigua and Barbuda;AI Anguilla;AL Albania;AM Armenia;AO Angola;
AQ Antarctica;AR Argentina;AS American Samoa;AT Austria;AU Australia;AW Aruba;AX Åland Islands;AZ Azerbaijan;
BA Bosnia and Herzegovina;BB Barbados;BD Bangladesh;BE Belgium;BF Burkina Faso;BG Bulgaria;BH Bahrain;BI Burundi;
BJ Benin;BL Saint Barthélémy;BM Bermuda;BN Brunei Darussalam;BO Bolivia;BQ Bonaire, Sint Eustatius and Saba;BR Brazil;
BS Bahamas;BT Bhutan;BV Bouvet Island;BW Botswana;BY Belarus;BZ Belize;CA Canada;CC Cocos (Keeling) Islands;
CD Democratic Republic of the Congo;CF Central African Republic;CG Congo;CH Switzerland;CI Côte d'Ivoire;
CK Cook Islands;CL Chile;CM Cameroon;CN China;CO Colombia;CR Costa Rica;CU Cuba;CV Cape Verde;CW Curaçao;
CX Christmas Island;CY Cyprus;CZ Czech Republic;DE Germany;DJ Djibouti;DK Denmark;DM Dominica;DO Dominican Republic;
DZ Algeria;EC Ecuador;EE Estonia;EG Egypt;EH Western Sahara;ER Eritrea;ES Spain;ET Ethiopia;FI Finland;FJ Fiji;
FK Falkland Islands;FM Micronesia;FO Faroe Islands;FR France;GA Gabon;GB United Kingdom;GD Grenada;GE Georgia;
GF French Guiana;GG Guernsey;GH Ghana;GI Gibraltar;GL Greenland;GM Gambia;GN Guinea;GP Guadeloupe;GQ Equatorial Guinea;
GR Greece;GS South Georgia and the South Sandwich Islands;GT Guatemala;GU Guam;GW Guinea-Bissau;GY Guyana;HK Hong Kong;
HM Heard Island and McDonald Islands;HN Honduras;HR Croatia;HT Haiti;HU Hungary;ID Indonesia;IE Ireland;IL Israel;
IM Isle of Man;IN India;IO British Indian Ocean Territory;IQ Iraq;IR Iran;IS Iceland;IT Italy;JE Jersey;JM Jamaica;
JO Jordan;JP Japan;KE Kenya;KG Kyrgyzstan;KH Cambodia;KI Kiribati;KM Comoros;KN Saint Kitts and Nevis;KP North Korea;
KR South Korea;KW Kuwait;KY Cayman Islands;KZ Kazakhstan;LA Laos;LB Lebanon;LC Saint Lucia;LI Liechtenstein;
LK Sri Lanka;LR Liberia;LS Lesotho;LT Lithuania;LU Luxembourg;LV Latvia;LY Libya;MA Morocco;MC Monaco;MD Moldova;
ME Montenegro;MF Saint Martin (French part);MG Madagascar;MH Marshall Islands;MK North Macedonia;ML Mali;MM Myanmar;
MN Mongolia;MO Macau;MP Northern Mariana Islands;MQ Martinique;MR Mauritania;MS Montserrat;MT Malta;MU Mauritius;
MV Maldives;MW Malawi;MX Mexico;MY Malaysia;MZ Mozambique;NA Namibia;NC New Caledonia;NE Niger;NF Norfolk Island;
NG Nigeria;NI Nicaragua;NL Netherlands;NO Norway;NP Nepal;NR Nauru;NU Niue;NZ New Zealand;OM Oman;PA Panama;PE Peru;
PF French Polynesia;PG Papua New Guinea;PH Philippines;PK Pakistan;PL Poland;PM Saint Pierre and Miquelon;
PN Pitcairn Islands;PR Puerto Rico;PS State of Palestine;PT Portugal;PW Palau;PY Paraguay;QA Qatar;RE Réunion;
RO Romania;RS Serbia;RU Russian Federation;RW Rwanda;SA Saudi Arabia;SB Solomon Islands;SC Seychelles;SD Sudan;
SE Sweden;SG Singapore;SH Saint Helena, Ascension and Tristan da Cunha;SI Slovenia;SJ Svalbard and Jan Mayen;
SK Slovakia;SL Sierra Leone;SM San Marino;SN Senegal;SO Somalia;SR Suriname;SS South Sudan;ST São Tomé and Príncipe;
SV El Salvador;SX Sint Maarten (Dutch part);SY Syria;SZ Eswatini;TC Turks and Caicos Islands;TD Chad;
TF French Southern Territories;TG Togo;TH Thailand;TJ Tajikistan;TK Tokelau;TL Timor-Leste;TM Turkmenistan;TN Tunisia;
TO Tonga;TR Türkiye;TT Trinidad and Tobago;TV Tuvalu;TW Taiwan;TZ Tanzania;UA Ukraine;UG Uganda;
UM United States Minor Outlying Islands;US United States;UY Uruguay;UZ Uzbekistan;VA Vatican City;
VC Saint Vincent and the Grenadines;VE Venezuela;VG Virgin Islands (British);VI Virgin Islands (USA);VN Vietnam;
VU Vanuatu;WF Wallis and Futuna;WS Samoa;XI Northern Ireland;XK Kosovo;YE Yemen;YT Mayotte;ZA South Africa;ZM Zambia;
ZW Zimbabwe
"""

_UNITED_STATES = """
AL Alabama;AK Alaska;AZ Arizona;AR Arkansas;CA California;CO Colorado;CT Connecticut;DE Delaware;
DC District of Columbia;FL Florida;GA Georgia;HI Hawaii;ID Idaho;IL Illinois;IN Indiana;IA Iowa;KS Kansas;KY Kentucky;
LA Louisiana;ME Maine;MT Montana;NE Nebraska;NV Nevada;NH New Hampshire;NJ New Jersey;NM New Mexico;NY New York;
NC North Carolina;ND North Dakota;OH Ohio;OK Oklahoma;OR Oregon;MD Maryland;MA Massachusetts;MI Michigan;MN Minnesota;
MS Mississippi;MO Missouri;PA Pennsylvania;RI Rhode Island;SC South Carolina;SD South Dakota;TN Tennessee;TX Texas;
UT Utah;VT Vermont;VA Virginia;WA Washington;WV West Virginia;WI Wisconsin;WY Wyoming
"""

_TERRITORIES = """
AS American Samoa;FM Federated States of Micronesia;GU Guam;MH Marshall Islands;MP Northern Mariana Islands;PW Palau;
PR Puerto Rico;VI Virgin Islands;AA Armed Forces Americas;AE Armed Forces Europe;AP Armed Forces Pacific
"""

_CANADA = """
AB Alberta;BC British Columbia;MB Manitoba;NB New Brunswick;NL Newfoundland and Labrador;NT Northwest Territories;
NS Nova Scotia;NU Nunavut;ON Ontario;PE Prince Edward Island;QC Quebec;SK Saskatchewan;YT Yukon
"""

FRENCH_NAMES = {"DE": "Allemagne", "US": "États-Unis", "GB": "Royaume-Uni", "ES": "Espagne", "MX": "Mexique"}
"""Enough of the French translation to see that `lang` in the context changes names."""


@dataclass(frozen=True, slots=True)
class Country:
    code: str
    name: str
    external_id: str


@dataclass(frozen=True, slots=True)
class State:
    country: str
    code: str
    name: str
    external_id: str


def _pairs(table: str) -> list[tuple[str, str]]:
    entries = table.replace("\n", "").split(";")
    return [(entry[:2], entry[3:]) for entry in entries]


def countries() -> list[Country]:
    """Every country, in the order of the ids (Germany 57, the United States 233)."""
    return [Country(code, name, "uk" if code == "GB" else code.lower()) for code, name in _pairs(_COUNTRIES)]


def states() -> list[State]:
    """The states of the United States and the provinces of Canada."""
    numbered = [State("US", code, name, f"state_us_{n}") for n, (code, name) in enumerate(_pairs(_UNITED_STATES), 1)]
    lettered = [State("US", code, name, f"state_us_{code.lower()}") for code, name in _pairs(_TERRITORIES)]
    canada = [State("CA", code, name, f"state_ca_{code.lower()}") for code, name in _pairs(_CANADA)]
    return numbered + lettered + canada
