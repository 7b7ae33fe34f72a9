"""Which tests prove the traps of the acceptance list of live venues: on the whole path, and of pure parts."""

from collections.abc import Mapping

WHO, VALUES, STREAMS = (f"tests/live/test_traps_{theme}.py" for theme in ("who", "values", "streams"))
PURE_WHO, PURE_VALUES, PURE_TIME, PURE_LIVE = (
    f"tests/twins/test_{theme}.py" for theme in ("venues", "values", "time", "live")
)
UNIT = "tests/adapters/venues/test_{}.py"


def unit(name: str, test: str) -> str:
    """A test of one module of the venues."""
    return f"{UNIT.format(name)}::{test}"


TRAPS: Mapping[str, tuple[str, ...]] = {
    "V1": (f"{WHO}::V1 one venue answers", f"{PURE_WHO}::1 the largest venue fails while the price rises"),
    "V2": (f"{WHO}::V2 that venue returns", f"{PURE_WHO}::2 the largest venue comes back"),
    "V3": (f"{WHO}::V3 an instrument is added", f"{PURE_WHO}::3 a venue is added"),
    "V4": (f"{WHO}::V4 a row vanishes", f"{WHO}::V4 then it answers 200 with an error body"),
    "V5": (f"{VALUES}::V5 a thousand new coins for one old",),
    "V6": (
        f"{VALUES}::V6 the contract size changes",
        unit("roster", "test_another_contract_is_a_new_version_and_stays_one"),
    ),
    "V7": (
        unit("okx", "test_contracts_are_never_taken_for_coins"),
        unit("bybit", "test_documented_open_interest_of_an_inverse_contract_is_refused"),
        unit("gate", "test_a_contract_row_becomes_prices_a_rate_and_one_sided_coins"),
    ),
    "V8": (
        f"{VALUES}::V8 one-sided open interest is missing",
        unit("bybit", "test_a_recorded_ticker_without_one_side_is_halved"),
    ),
    "V9": (
        f"{VALUES}::V9 open interest in dollars falls with the price alone",
        f"{PURE_VALUES}::8 OI in dollars falls with the price",
    ),
    "V10": (
        f"{VALUES}::V10 open interest is minutes older than the price",
        f"{PURE_TIME}::9 open interest five minutes later than the price",
    ),
    "V11": (
        f"{VALUES}::V11 a cached answer with the times of then",
        f"{PURE_TIME}::10 a cache answers while the price moves",
    ),
    "V12": (
        f"{WHO}::V12 a list of 40 %",
        f"{WHO}::V12 page one of two",
        f"{WHO}::V12 cut JSON",
        unit("gate_client", "test_a_list_of_just_a_hundred_rows_is_read_to_its_end"),
    ),
    "V13": (f"{WHO}::V13 half of the feeds of a cycle are missing", f"{PURE_TIME}::31 half of a cycle is fresh"),
    "V14": (f"{VALUES}::V14 junk and extra keys in some rows",),
    "V15": (
        f"{VALUES}::V15 a tick of a hundred times, and a price of zero",
        f"{PURE_VALUES}::24 one tick of a hundred times the price",
    ),
    "V16": (
        f"{VALUES}::V16 seconds, and a time one hour ahead",
        f"{VALUES}::V16 this computer's clock is",
        f"{PURE_TIME}::29 words of tomorrow",
    ),
    "V17": (
        f"{VALUES}::V17 eight hours become four at equal economics",
        unit("intervals", "test_a_change_is_told_once_and_is_believed"),
    ),
    "V18": (
        f"{VALUES}::V18 the list of intervals is late",
        unit("intervals", "test_it_is_believed_again_when_the_statement_agrees"),
    ),
    "V19": (f"{VALUES}::V19 dated, announced and delisted contracts and shares are no coins",),
    "V20": (
        f"{PURE_VALUES}::13 settled rates are no running ones",
        f"{PURE_VALUES}::13 running rates are no settled ones",
    ),
    "V21": (f"{PURE_WHO}::15 a venue leaves the mean",),
    "V22": (f"{VALUES}::V22 a rate of exactly zero", f"{PURE_VALUES}::14 a rate around zero"),
    "V23": (
        f"{PURE_WHO}::23 an aggregator stands beside the venues",
        unit("coinglass", "test_a_rate_in_percent_is_a_fraction"),
    ),
    "V24": (f"{VALUES}::V24 kPEPE, 1000PEPE and PEPE are one coin",),
    "V25": (f"{PURE_WHO}::21 the spot volume of one venue is missing",),
    "V26": (
        unit("okx", "test_a_documented_row_becomes_its_observation"),
        f"{PURE_VALUES}::22 both legs of the ratio fall together",
    ),
    "V27": (
        f"{VALUES}::is a metric of its own",
        unit("bitget", "test_the_shares_of_accounts_are_divided_here_and_the_vendors_ratio_is_not_believed"),
    ),
    "V28": (f"{STREAMS}::V28 the stream acknowledges and says nothing",),
    "V29": (
        unit("watchdogs", "test_a_channel_is_deaf_after_a_quarter_of_an_hour_in_which_others_told_many_closes"),
        unit("watchdogs", "test_a_channel_is_not_deaf_too_soon_nor_alone_nor_without_a_heart"),
    ),
    "V30": (f"{STREAMS}::V30 a stall, then all at once", f"{PURE_TIME}::18 a backlog delivered at once"),
    "V31": (f"{STREAMS}::V31 everything twice and out of order", f"{PURE_TIME}::19 words repeated"),
    "V32": (
        f"{STREAMS}::V32 many rows in a frame, none lost of thousands",
        unit("gate", "test_closes_count_in_coins_and_all_of_one_frame_count"),
    ),
    "V33": (
        f"{STREAMS}::V33 a short is a short on every stream",
        unit("gate", "test_until_the_sign_is_known_no_close_has_a_side"),
    ),
    "V34": (f"{STREAMS}::V34 contracts in coins stay out of the sums",),
    "V35": (unit("bitget", "test_a_frame_gives_all_its_forced_closes_by_the_side_of_the_position_and_in_money"),),
    "V36": (
        f"{STREAMS}::V36 a hole is unknown, and no quiet minute",
        f"{PURE_VALUES}::20 after lost minutes a usual hour is no spike",
    ),
    "V37": (f"{STREAMS}::V37 a sampled stream makes it at least",),
    "V38": (f"{PURE_VALUES}::25 a flat past makes nothing infinite",),
    "V39": (
        f"{STREAMS}::V39 nothing is told before windows are full",
        f"{PURE_TIME}::26 without a past no window is full",
    ),
    "V40": (
        f"{WHO}::V40 a ban outlives the process",
        f"{WHO}::V40 429 without Retry-After",
        f"{WHO}::V40 429 with Retry-After",
    ),
    "V41": (f"{WHO}::V41 the header says 95 % used",),
    "V42": (f"{WHO}::V42 a venue answers byte by byte",),
    "V43": (
        f"{VALUES}::V43 the last price is repeated and the volume is frozen",
        f"{PURE_LIVE}::V43 the market opens again with a move",
    ),
    "V44": (
        f"{WHO}::V44 all venues are down and an alert goes on firing underneath",
        f"{PURE_WHO}::37 an alert does not end because all data vanished",
    ),
    "V45": (
        f"{WHO}::V45 the universe grows by one between meta and push",
        unit("hyperliquid", "test_lists_of_different_lengths_are_refused_as_a_whole"),
    ),
    "V46": (
        f"{WHO}::V46 a tenth of all rows is gone",
        unit("roster", "test_a_mass_delisting_is_believed_when_it_is_said_three_times"),
    ),
    "V47": (
        "tests/signals/test_aggregate.py::test_a_venue_that_comes_back_counts_from_its_second_point_on",
        f"{STREAMS}::V37 a sampled stream makes it at least",
        f"{PURE_LIVE}::V47 a venue that told a sample now tells everything",
        f"{PURE_LIVE}::17 a venue's liquidations come back after weeks, or for the first time",
        "tests/signals/test_heard.py::test_a_venue_that_joins_is_no_spike_and_has_its_own_normal_after_three_days",
    ),
    "V48": (
        "tests/signals/test_aggregate.py::test_a_vendors_sum_is_never_added_to_single_venues",
        unit("coinglass", "test_its_rows_enter_no_sum_with_a_venue_that_is_read_itself"),
    ),
    "V49": (f"{PURE_VALUES}::35 the index is not the mark",),
}
"""To each trap the files and rows or tests that prove it."""

FAULTS: Mapping[str, str] = {
    "V1": "one venue is down while the price rises",
    "V2": "that venue comes back",
    "V3": "a venue or an instrument is added",
    "V4": "delisting: the row vanishes, then an error body",
    "V5": "redenomination, split",
    "V6": "the contract size changes",
    "V7": "contracts or dollars read as coins",
    "V8": "one-sided open interest is missing",
    "V9": "open interest in dollars falls with the price",
    "V10": "open interest comes later than the price",
    "V11": "a cached answer",
    "V12": "a cut list",
    "V13": "half of the feeds of a cycle are missing",
    "V14": "junk values, missing and extra keys",
    "V15": "a tick of a hundred times, a price of zero",
    "V16": "seconds for milliseconds, a wrong clock",
    "V17": "the funding interval changes",
    "V18": "the list of intervals is late",
    "V19": "contracts that are no perpetuals of coins",
    "V20": "estimated and paid rates differ in sign",
    "V21": "a venue leaves and the mean changes sign",
    "V22": "a rate of exactly zero, or nearly",
    "V23": "percent beside fractions",
    "V24": "kPEPE, 1000PEPE, homonyms",
    "V25": "one spot leg is missing",
    "V26": "volumes in coins and in money swapped",
    "V27": "accounts, top accounts, positions",
    "V28": "a stream that acknowledges and says nothing",
    "V29": "the heart beats, the channel is dead",
    "V30": "a stall, then a burst",
    "V31": "frames come twice",
    "V32": "several rows in one frame",
    "V33": "whose position was closed",
    "V34": "coin-margined frames on the same stream",
    "V35": "an amount of money read as coins",
    "V36": "a gap in a calm day",
    "V37": "samples and complete streams added up",
    "V38": "a flat series, a tiny baseline",
    "V39": "cold start, restart, filled-in past",
    "V40": "429, 418, and a restart during a ban",
    "V41": "the header says that nearly all is used",
    "V42": "a venue answers byte by byte",
    "V43": "maintenance repeats the last price",
    "V44": "all venues are down",
    "V45": "a universe that grew by one",
    "V46": "mass delisting",
    "V47": "a venue changes its sampling",
    "V48": "the same interest counted twice",
    "V49": "mark, index and last swapped",
}


def table() -> str:
    """The traps as a table in Markdown: what goes wrong, and where the tests of it are."""
    rows = [f"| {name} | {FAULTS[name]} | {_files(tests)} |" for name, tests in TRAPS.items()]
    return "\n".join(["| | what goes wrong | tests |", "|---|---|---|", *rows])


def _files(tests: tuple[str, ...]) -> str:
    files = dict.fromkeys(test.partition("::")[0].removeprefix("tests/") for test in tests)
    return ", ".join(f"`{file}`" for file in files)
