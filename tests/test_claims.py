"""Claims: what holds is shown, what does not stops the chapter."""

import json

import pytest

from unstuck.claims import MIME, ClaimError, claim


def test_a_claim_that_holds_shows_its_measurement_and_its_seeds() -> None:
    result = claim("It falls & stays <down>", holds=[True, True], measured="0.1 to 0.2")
    bundle = result._repr_mimebundle_()
    assert bundle["text/plain"] == "It falls & stays <down>. Measured: 0.1 to 0.2; held for 2 of 2 seeds."
    assert "It falls &amp; stays &lt;down&gt;." in bundle["text/html"]
    assert json.loads(json.dumps(bundle[MIME])) == {
        "statement": "It falls & stays <down>",
        "measured": "0.1 to 0.2",
        "seeds": 2,
        "held": 2,
    }


@pytest.mark.parametrize("holds", [False, [True, False], [False], (n > 1 for n in range(3))])
def test_a_claim_that_does_not_hold_raises_with_what_was_measured(holds: object) -> None:
    with pytest.raises(ClaimError, match=r"does not hold: It falls\. Measured: 0\.3"):
        claim("It falls", holds=holds, measured="0.3")


def test_a_share_of_the_seeds_can_be_enough() -> None:
    assert claim("Mostly", holds=[True, True, True, False], measured="", at_least=0.75).held == 3
    with pytest.raises(ClaimError):
        claim("Mostly", holds=[True, True, False, False], measured="", at_least=0.75)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"holds": []}, "holds is empty"),
        ({"statement": "Ends so."}, "without its full stop"),
        ({"at_least": 0.0}, "at_least must lie above 0"),
    ],
)
def test_misuse_is_explained(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        claim(**{"statement": "So", "holds": True, "measured": "", **settings})
