"""The profile: quick by default, full on request, nothing else."""

import pytest

from unstuck.profile import choose, profile


@pytest.mark.parametrize(("value", "expected"), [(None, "quick"), ("", "quick"), ("quick", "quick"), ("full", "full")])
def test_the_environment_decides(value: str | None, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UNSTUCK_PROFILE", raising=False)
    if value is not None:
        monkeypatch.setenv("UNSTUCK_PROFILE", value)
    assert profile() == expected
    assert choose(quick="small", full="large") == {"quick": "small", "full": "large"}[expected]


def test_another_profile_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNSTUCK_PROFILE", "fast")
    with pytest.raises(ValueError, match="UNSTUCK_PROFILE must be 'quick' or 'full', got 'fast'"):
        profile()
