"""A diagnosis as it is read: as JSON, in a terminal, on a page and in a notebook."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch
from bs4 import BeautifulSoup
from rich.console import Console
from torch import Tensor, nn

from unstuck.doctor.exhibits import exhibits
from unstuck.doctor.findings import Finding, Observed, Report, Where
from unstuck.doctor.names import CASES, CAUSES, case_file
from unstuck.doctor.pictures import curves, layers
from unstuck.doctor.samples import sample_images
from unstuck.doctor.wording import verdict_said, watched_said
from unstuck.layers import layer_profile

CONTRACT = """
softmax_before_cross_entropy sigmoid_before_logit_loss relu_on_output nll_without_log_softmax softmax_wrong_axis
loss_sign_flipped loss_shape_broadcast label_index_error

labels_misaligned label_noise inputs_not_normalised targets_not_scaled reshape_scrambles_data samples_mixed_in_batch
no_shuffle repeated_batch class_imbalance train_test_preprocessing_mismatch train_test_leak nonfinite_input

lr_too_high lr_too_low lr_decays_too_fast missing_zero_grad zero_grad_after_backward missing_backward
missing_optimizer_step optimizer_misses_parameters frozen_parameters detached_graph unregistered_parameters
clip_too_small clip_before_unscale weight_decay_too_strong momentum_too_high

zero_or_constant_init init_too_large vanishing_gradients exploding_gradients dying_relu under_capacity
dropout_too_strong wrong_train_eval_mode batch_norm_tiny_batch shared_parameters_by_accident

too_few_steps overfitting metric_wrong loss_scale_wrong
""".split()  # noqa: SIM905

NASTY = '<script>alert("1")</script> & [bold]x[/bold] $\\frac$ \x1b[31m'

SOFTMAX = Finding(
    cause="softmax_before_cross_entropy",
    confidence=0.97,
    summary="The loss receives probabilities where it expects logits: it cannot fall below 1.461.",
    evidence={"row_sum_min": 1.0, "row_sum_max": 1.0, "loss_floor": 1.461, "rows": 880},
    where=Where("train.py", 41, "return torch.softmax(self.last(x), dim=1)"),
    fix="Remove the softmax; nn.CrossEntropyLoss applies log_softmax itself.",
    confirmed=True,
    symptoms=("loss_plateau",),
    tried="without the softmax: accuracy 0.61 -> 0.97 after 88 steps",
    suggestion="return self.last(x)",
)
RATE = Finding("lr_too_low", 0.3, "The loss would fall faster at 0.1.", {}, None, "Raise the rate.", None)
OBSERVED = Observed(880, 6.1, 2.31, 1.52, 0.1, 0.1, 26122, 26122, "2.14.1", "cpu")


def steps(losses: list[float], lr: float = 0.1, stream: str = "model") -> pd.DataFrame:
    return pd.DataFrame({"step": range(1, len(losses) + 1), "loss": losses, "lr": lr, "stream": stream})


NO_EVALUATIONS = pd.DataFrame({"step": [], "loss": [], "accuracy": [], "name": []})
EVALUATIONS = pd.DataFrame(
    {"step": [440, 880], "loss": [1.6, 1.55], "accuracy": [0.5, 0.61], "name": ["test set", "test set"]}
)


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.ReLU(), nn.Linear(8, 10))


def report(*findings: Finding, verdict: str = "fault", **changes: Any) -> Report:
    x, y = torch.linspace(-1, 2, 12 * 64).reshape(12, 1, 8, 8), torch.arange(12) % 10
    parts: dict[str, Any] = {
        "observed": OBSERVED,
        "losses": steps([1.5 + 0.8 * 0.99**step for step in range(880)]),
        "evaluations": EVALUATIONS,
        "layers": layer_profile(network(), x, y),
        "batch": (x, y),
        "script": "some/train.py",
    }
    return Report(verdict, findings, **{**parts, **changes})


def healthy(**changes: Any) -> Report:
    return report(verdict="healthy", **changes)


def printed(shown: Report, width: int = 80, colours: bool = False) -> str:
    file = io.StringIO()
    Console(file=file, width=width, force_terminal=colours, color_system="truecolor" if colours else None).print(shown)
    return file.getvalue()


def words(text: str) -> str:
    """Return a terminal's text without the frames of its cards and the ends of its lines."""
    return re.sub(r"[│\s]+", " ", text).strip()


# What a report may say


def test_every_cause_of_the_contract_has_a_name_and_no_other_has() -> None:
    assert list(CAUSES) == CONTRACT


def test_every_title_is_a_clause_that_a_sentence_can_go_on_with() -> None:
    for title in CAUSES.values():
        assert title[0].islower()
        assert not title.endswith(".")


@pytest.mark.parametrize("cause", ["lr_to_low", "loss_plateau", ""])
def test_a_cause_that_the_contract_lacks_is_refused(cause: str) -> None:
    with pytest.raises(ValueError, match=f"got '{cause}'"):
        replace(RATE, cause=cause)


@pytest.mark.parametrize("confidence", [-0.1, 1.01, float("nan")])
def test_a_confidence_outside_its_range_is_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        replace(RATE, confidence=confidence)


def test_a_verdict_that_its_findings_contradict_is_refused() -> None:
    with pytest.raises(ValueError, match="healthy run has no findings, got lr_too_low"):
        report(RATE, verdict="healthy")
    with pytest.raises(ValueError, match="needs a finding"):
        report(verdict="fault")
    with pytest.raises(ValueError, match="got 'sick'"):
        report(verdict="sick")


# JSON


def test_json_is_what_the_contract_says() -> None:
    assert json.loads(json.dumps(report(SOFTMAX).to_dict(), allow_nan=False)) == {
        "version": 1,
        "verdict": "fault",
        "findings": [
            {
                "cause": "softmax_before_cross_entropy",
                "confidence": 0.97,
                "summary": SOFTMAX.summary,
                "evidence": {"row_sum_min": 1.0, "row_sum_max": 1.0, "loss_floor": 1.461, "rows": 880},
                "where": {"file": "train.py", "line": 41},
                "fix": SOFTMAX.fix,
                "confirmed": True,
                "symptoms": ["loss_plateau"],
            }
        ],
        "observed": {
            "steps": 880,
            "seconds": 6.1,
            "loss_first": 2.31,
            "loss_last": 1.52,
            "lr_first": 0.1,
            "lr_last": 0.1,
            "parameters": 26122,
            "trainable_parameters": 26122,
            "torch": "2.14.1",
            "device": "cpu",
        },
    }


def test_json_keeps_the_order_of_the_findings_and_says_what_is_not_known() -> None:
    shown = report(RATE, SOFTMAX, verdict="uncertain").to_dict()
    assert [finding["cause"] for finding in shown["findings"]] == ["lr_too_low", "softmax_before_cross_entropy"]
    assert shown["findings"][0]["where"] is None
    assert shown["findings"][0]["confirmed"] is None
    assert healthy().to_dict()["findings"] == []


def test_json_holds_numbers_of_any_library_and_none_that_is_not_finite() -> None:
    evidence: Any = {
        "array": np.float32(0.5),
        "count": np.int64(3),
        "tensor": torch.tensor(2.5),
        "nan": float("nan"),
        "infinite": torch.tensor(float("inf")),
    }
    observed = replace(OBSERVED, loss_last=float("nan"), lr_first=None)
    shown = json.loads(json.dumps(report(replace(RATE, evidence=evidence), observed=observed).to_dict()))
    assert shown["findings"][0]["evidence"] == {"array": 0.5, "count": 3, "tensor": 2.5, "nan": None, "infinite": None}
    assert shown["observed"]["loss_last"] is None
    assert shown["observed"]["lr_first"] is None


# Sentences


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (report(SOFTMAX), "Fault: probabilities go into a loss that expects logits (train.py:41)."),
        (report(RATE, SOFTMAX), "Fault: the learning rate is too low. 1 more finding below."),
        (report(RATE, SOFTMAX, verdict="uncertain"), "Uncertain: 2 causes fit, and nothing tried tells them apart."),
        (report(RATE, verdict="uncertain"), "Uncertain: perhaps the learning rate is too low."),
        (report(verdict="uncertain"), "Uncertain: what was seen shows no fault, but it may be too little."),
        (healthy(), "Healthy: no fault was found."),
    ],
)
def test_the_verdict_is_a_sentence(shown: Report, said: str) -> None:
    assert verdict_said(shown) == said
    for place in (str(shown), printed(shown), BeautifulSoup(shown.html(), "html.parser").get_text()):
        assert said in words(place)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "Watched 880 steps in 6.1 s: loss 2.31 to 1.52, learning rate 0.1. 26,122 parameters. PyTorch"),
        ({"lr_last": 1e-6, "steps": 1}, "Watched 1 step in 6.1 s: loss 2.31 to 1.52, learning rate 0.1 to 1e-06."),
        ({"loss_last": float("nan")}, "loss 2.31 to NaN"),
        ({"trainable_parameters": 650}, "26,122 parameters, 650 of them trainable."),
        ({"steps": 0, "loss_first": None, "lr_first": None, "parameters": 0},
         "Watched no step of an optimiser in 6.1 s. PyTorch 2.14.1 on cpu."),
    ],
)  # fmt: skip
def test_what_was_watched_is_said(changes: dict[str, Any], said: str) -> None:
    assert said in watched_said(replace(OBSERVED, **changes))


@pytest.mark.parametrize(("confidence", "said"), [(1.0, 100), (0.999, 99), (0.995, 99), (0.29, 29), (0.0, 0)])
def test_only_what_is_certain_has_a_hundred_per_cent(confidence: float, said: int) -> None:
    assert f" confidence {said} % " in printed(report(replace(RATE, confidence=confidence)))


# A terminal


def test_a_card_holds_all_that_is_known_of_a_finding() -> None:
    text = words(printed(report(SOFTMAX)))
    for part in (
        "1. softmax_before_cross_entropy",
        "confidence 97 %",
        SOFTMAX.summary,
        "row_sum_min 1 row_sum_max 1 loss_floor 1.461 rows 880",
        "Where train.py:41",
        "- return torch.softmax(self.last(x), dim=1)",
        "+ return self.last(x)",
        f"Fix {SOFTMAX.fix}",
        "Confirmed. Without the softmax: accuracy 0.61 -> 0.97 after 88 steps.",
        "Explains loss_plateau",
        "Case file cases/softmax-before-cross-entropy",
    ):
        assert part in text, part


def test_a_line_without_a_suggestion_is_shown_as_it_is() -> None:
    text = words(printed(report(replace(SOFTMAX, suggestion=""))))
    assert "train.py:41 return torch.softmax(self.last(x), dim=1) Fix" in text


@pytest.mark.parametrize(("confirmed", "said"), [(True, "Confirmed."), (False, "Not confirmed."), (None, "Not tried.")])
def test_what_a_re_run_said_is_told(confirmed: bool | None, said: str) -> None:
    assert f"Re-run {said} Case file" in words(printed(report(replace(RATE, confirmed=confirmed, tried=""))))


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_word_breaks_a_card(width: int) -> None:
    long = "x" * 150
    finding = replace(
        SOFTMAX,
        summary=long,
        evidence={long: 1.0},
        where=Where(f"{long}/train.py", 1, f"f({long})"),
        fix=long,
        tried=long,
    )
    lines = printed(report(finding), width).splitlines()
    assert max(map(len, lines)) <= width
    assert len({len(line) for line in lines if line.startswith("│")}) == 1
    assert "".join(re.findall("x+", words(printed(report(finding), width)))).count("x") >= 6 * 150


def test_colours_are_for_terminals_and_say_nothing_of_their_own() -> None:
    plain, coloured = printed(report(SOFTMAX, RATE)), printed(report(SOFTMAX, RATE), colours=True)
    assert "\x1b" not in plain
    assert "\x1b" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain


def test_what_the_program_says_does_not_steer_the_terminal() -> None:
    finding = replace(SOFTMAX, summary=NASTY, fix=NASTY, where=Where(NASTY, 1, NASTY), suggestion="", tried=NASTY)
    text = printed(report(finding, ended=NASTY))
    assert "\x1b" not in text
    assert words(text).count("& [bold]x[/bold] $\\frac$ \ufffd[31m") == 7  # its file twice


def test_text_is_what_a_terminal_without_colours_shows() -> None:
    shown = report(SOFTMAX, ended="The script raised ValueError: no (train.py:3).")
    assert words(str(shown)) == words(printed(shown, 88))
    assert repr(shown) == str(shown)
    assert "The script raised ValueError: no (train.py:3)." in str(shown)


# A page


def page(shown: Report) -> BeautifulSoup:
    return BeautifulSoup(shown.html(), "html.parser")


def test_a_page_shows_the_verdict_the_cards_and_what_was_watched() -> None:
    soup = page(report(SOFTMAX, RATE, verdict="uncertain"))
    assert soup.title is not None
    assert soup.title.get_text() == "Diagnosis of train.py"
    cards = soup.select(".finding")
    assert [card.select_one("code").get_text() for card in cards] == ["softmax_before_cross_entropy", "lr_too_low"]
    assert [row.get_text(" ") for row in cards[0].select("tr")][2] == "loss_floor 1.461"
    assert cards[0].select_one(".old").get_text() == "- return torch.softmax(self.last(x), dim=1)"
    assert cards[0].select_one(".new").get_text() == "+ return self.last(x)"
    assert "Re-run" in cards[1].get_text()
    assert len(soup.select("figure > svg[role=img]")) == 3
    assert len(soup.select("details tr")) == 1 + 4  # the layers


def test_a_page_needs_no_other_file_and_no_network() -> None:
    for html in (report(SOFTMAX).html(), report(SOFTMAX)._repr_html_()):
        assert "http" not in html
        assert "@import" not in html
        soup = BeautifulSoup(html, "html.parser")
        assert not soup.select("script, link, iframe, img")
        for element in soup.find_all(True):
            for name in ("src", "href", "xlink:href"):
                assert element.get(name, "#").startswith(("#", "data:")), element
        assert all(address.startswith("#") for address in re.findall(r"url\(([^)]*)\)", html))


def test_what_the_program_says_is_text_on_the_page() -> None:
    finding = Finding(
        cause="lr_too_low",
        confidence=0.5,
        summary=NASTY,
        evidence={NASTY: 1.0},
        where=Where(NASTY, 1, NASTY),
        fix=NASTY,
        confirmed=True,
        symptoms=(NASTY,),
        tried=NASTY,
        suggestion=NASTY,
    )
    x = torch.rand(12, 5)
    profile = layer_profile(nn.Sequential(nn.Linear(5, 2)), x).rename(index={"0": NASTY})
    shown = report(
        finding,
        observed=replace(OBSERVED, device=NASTY, torch=NASTY),
        losses=pd.concat([steps([2.0, 1.0], stream=NASTY), steps([2.0, 1.0], stream=f"_{NASTY}")]),
        evaluations=EVALUATIONS.assign(name=NASTY),
        layers=profile,
        batch=(x, None),
        script=NASTY,
        ended=NASTY,
    )
    for html in (shown.html(), shown._repr_html_()):
        soup = BeautifulSoup(html, "html.parser")
        assert not soup.select("script")
        assert "<script" not in html
        assert "\x1b" not in html
        for element in soup.select(".finding"):
            assert element.get_text().count("alert(") == 8  # once for each text above


def test_a_notebook_gets_a_part_of_a_page_with_the_same_content() -> None:
    shown = report(SOFTMAX)
    html = shown._repr_html_()
    for shell in ("<!DOCTYPE", "<html", "<head", "<body", "<main", "<title", "prefers-color-scheme"):
        assert shell not in html
    part = BeautifulSoup(html, "html.parser").select_one("div.unstuck-doctor")
    whole = page(shown).select_one("main.unstuck-doctor")
    assert whole.h1 is not None
    whole.h1.extract()
    assert words(part.get_text()) == words(whole.get_text())


def test_every_rule_of_the_notebooks_style_is_bound_to_the_report() -> None:
    sheet = re.search(r"<style>(.*?)</style>", report(SOFTMAX)._repr_html_(), re.DOTALL).group(1)
    for selectors in re.findall(r"([^{}]+)\{", re.sub(r"@media[^{]*\{", "", sheet)):
        for selector in selectors.split(","):
            assert ".unstuck-doctor" in selector, selector


def test_pictures_are_told_to_those_who_cannot_see_them() -> None:
    told = [picture["aria-label"] for picture in page(report(SOFTMAX)).select("svg[role=img]")]
    assert "Loss over 880 steps: 2.3 at first, lowest 1.5 at step 880, 1.5 at last." in told[0]
    assert "Evaluation, test set: accuracy 0.5 at first, 0.61 at last." in told[0]
    assert "4 calls of layers." in told[1]
    assert "12 × 1 × 8 × 8, float32, from -1 to 2, mean 0.5; targets: 12, int64, from 0 to 9." in told[2]


def test_a_report_with_nothing_to_draw_has_no_pictures() -> None:
    shown = report(verdict="uncertain", losses=steps([]), evaluations=NO_EVALUATIONS, layers=pd.DataFrame(), batch=None)
    assert not page(shown).select("figure")
    assert "it may be too little" in shown._repr_html_()


def test_the_same_report_gives_the_same_page() -> None:
    assert report(SOFTMAX).html() == report(SOFTMAX).html()


# Pictures


def drawn_text(svg: str) -> str:
    return " ".join(text.get_text() for text in BeautifulSoup(svg, "html.parser").select("text"))


def test_curves_name_what_they_show() -> None:
    assert drawn_text(curves(steps([2.0, 1.5, 1.0]), EVALUATIONS)).endswith("training evaluation, test set")
    two = pd.concat([steps([2.0, 1.5], stream="generator"), steps([1.0, 0.5], stream="critic")])
    assert drawn_text(curves(two, NO_EVALUATIONS)).endswith("training, generator training, critic")
    assert "accuracy" in drawn_text(curves(two, EVALUATIONS))
    assert "accuracy" not in drawn_text(curves(two, NO_EVALUATIONS))


def test_a_loss_that_ceases_to_be_finite_is_marked() -> None:
    assert "first not finite" in drawn_text(curves(steps([2.0, 9.0, float("inf"), float("nan")]), NO_EVALUATIONS))
    assert "first not finite" not in drawn_text(curves(steps([2.0, 9.0]), NO_EVALUATIONS))
    assert curves(steps([float("nan")] * 3), NO_EVALUATIONS) == ""


@pytest.mark.parametrize("losses", [[0.0, 0.0], [-3.0, -4.0], [1e-12, 1e12], [1.0], [2.5] * 5000])
def test_any_losses_can_be_drawn(losses: list[float]) -> None:
    assert curves(steps(losses, lr=float("nan")), NO_EVALUATIONS).startswith("<svg")
    assert len(curves(steps(losses), NO_EVALUATIONS)) < 100_000  # however many steps there were


def test_evaluations_without_a_loss_or_an_accuracy_are_drawn() -> None:
    for column in ("loss", "accuracy"):
        assert curves(steps([2.0, 1.0]), EVALUATIONS.assign(**{column: float("nan")})).startswith("<svg")


def test_pictures_do_not_depend_on_what_the_program_has_set() -> None:
    expected = curves(steps([2.0, 1.0]), EVALUATIONS)
    with (
        mpl.rc_context({"text.usetex": True, "figure.figsize": (1, 1), "svg.fonttype": "path"}),
        np.errstate(all="raise"),
    ):
        plt.close("all")
        assert curves(steps([2.0, 1.0]), EVALUATIONS) == expected
        assert mpl.rcParams["text.usetex"]
        assert not plt.get_fignums()


def test_pictures_take_the_ink_of_the_page() -> None:
    svg = curves(steps([2.0, 1.0]), EVALUATIONS)
    assert "currentColor" in svg
    assert "var(--doctor-0, " in svg
    assert not re.search(r"(?<!, )#[0-9a-f]{6}", svg)  # no colour of its own but as a default


def test_a_deep_network_is_drawn_in_part_and_told_in_full() -> None:
    profile = layer_profile(nn.Sequential(*[nn.Linear(4, 4) for _ in range(100)]), torch.rand(3, 4))
    assert drawn_text(layers(profile)).count("Linear") == 30
    shown = healthy(layers=profile)
    assert len(page(shown).select("details tr")) == 1 + 100
    assert "100 calls of layers." in shown.html()


@pytest.mark.parametrize("fill", [0.0, float("nan"), float("inf")])
def test_layers_whose_outputs_are_no_use_are_drawn(fill: float) -> None:
    profile = layer_profile(network(), torch.rand(3, 64))
    for column in ("std", "grad_std", "dead"):
        profile[column] = fill
    assert layers(profile).startswith("<svg")
    assert healthy(layers=profile).html()


@pytest.mark.parametrize(
    ("x", "shape"),
    [
        (torch.rand(4, 3, 5, 5), (4, 3, 5, 5)),
        (torch.rand(4, 5, 5, 3), (4, 3, 5, 5)),
        (torch.rand(4, 28, 28), (4, 1, 28, 28)),
        (torch.rand(4, 784), (4, 1, 28, 28)),
        (torch.rand(4, 1, 8, 8).to(torch.bfloat16), (4, 1, 8, 8)),
        (torch.rand(4, 10), None),
        (torch.randint(9, (4, 64)), None),
        (torch.rand(4, 5, 6, 7), None),
    ],
)
def test_images_are_recognised(x: Tensor, shape: tuple[int, ...] | None) -> None:
    found = sample_images(x)
    assert (None if found is None else found.shape) == shape


def figures(x: Tensor, y: Tensor | None) -> str:
    return list(exhibits(healthy(batch=(x, y), layers=pd.DataFrame(), losses=steps([]))))[-1]


def test_a_batch_of_images_is_drawn_with_its_labels() -> None:
    assert drawn_text(figures(torch.rand(4, 1, 8, 8), torch.tensor([7, 0, 3, 9]))) == "7 0 3 9"
    assert drawn_text(figures(torch.rand(4, 1, 8, 8), torch.rand(4, 10))) == ""


def test_another_batch_is_a_table_of_its_first_numbers() -> None:
    x = torch.arange(200.0).reshape(20, 10)
    table = BeautifulSoup(figures(x, torch.linspace(0, 1, 20).reshape(20, 1)), "html.parser").select("tr")
    assert [cell.get_text() for cell in table[0].select("th")] == ["", *"01234567", "…", "target"]
    assert [cell.get_text() for cell in table[2].find_all(["th", "td"])] == [
        "1", *map(str, range(10, 18)), "", "0.0526",
    ]  # fmt: skip
    assert len(table) == 1 + 8


@pytest.mark.parametrize(
    "x",
    [
        torch.full((3, 1, 8, 8), float("nan")),
        torch.full((3, 1, 8, 8), 2.0),
        torch.tensor([1.0, 2.0]),
        torch.tensor(1.0),
        torch.randint(9, (3, 7)),
        torch.rand(3, 2, dtype=torch.float16),
        torch.rand(3, 4, 5, 6, 7),
    ],
)
def test_any_batch_can_be_shown(x: Tensor) -> None:
    assert "A batch as the model got it" in figures(x, None)


def test_a_batch_that_is_not_finite_says_so() -> None:
    x = torch.rand(3, 4)
    x[0, 0], x[1, 1] = float("nan"), float("inf")
    assert "2 of them not finite" in figures(x, None)


def test_a_case_file_is_named_after_its_cause() -> None:
    assert case_file("lr_too_low") == "cases/lr-too-low"
    assert set(CASES) <= set(CAUSES)


def test_a_cause_without_a_case_file_is_reported_without_one() -> None:
    cause = next(cause for cause in CAUSES if cause not in CASES)
    assert case_file(cause) is None
    with_page, without = report(RATE), report(replace(RATE, cause=cause))
    assert ("Case file" in printed(with_page), "Case file" in printed(without)) == (True, False)
    assert ("Case file" in with_page.html(), "Case file" in without.html()) == (True, False)
