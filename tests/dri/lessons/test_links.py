"""Links from the common scale, and what opinions ask for."""

from __future__ import annotations

import math

import pytest
import torch

from harness.dri.lessons.config import OpinionConfig
from harness.dri.lessons.links import Links, MonotoneLink
from harness.dri.lessons.opinion_losses import score_losses, vote_losses
from harness.dri.lessons.sets import OpinionSet


def scored(scores: list[float], scenes: list[int], noise: float = 0.0) -> OpinionSet:
    config = OpinionConfig("mine", ".", high=1.0, noise=noise)
    empty = torch.empty(0, 4)
    return OpinionSet(config, [], torch.tensor(scores), torch.tensor(scenes), empty)


def test_a_link_starts_as_the_identity_and_rises_whatever_it_learns() -> None:
    link, quality = MonotoneLink(), torch.linspace(-0.5, 1.5, 201)
    assert torch.allclose(link(quality), quality, atol=1e-6)
    torch.manual_seed(0)
    for parameter in link.parameters():
        parameter.data += 5 * torch.randn_like(parameter)
    rise = link(quality).diff() / quality.diff()
    assert float(rise.detach().min()) > MonotoneLink.FLATTEST - 1e-3
    assert not torch.allclose(link(quality), quality, atol=0.1)


def test_a_link_learns_another_studys_scale() -> None:
    links, quality = Links(["common", "strict"]), torch.linspace(0, 1, 50)
    assert torch.equal(links("common", quality), quality)
    strict = quality**2 * 0.6
    optimiser = torch.optim.Adam(links.parameters(), lr=0.05)
    for _ in range(300):
        optimiser.zero_grad()
        (links("strict", quality) - strict).pow(2).mean().backward()
        optimiser.step()
    assert torch.allclose(links("strict", quality), strict, atol=0.06)


def test_a_scene_is_to_be_in_order_and_scenes_do_not_compete() -> None:
    links, images = Links(["mine"]), torch.arange(4)
    opinions = scored([0.2, 0.8, 0.2, 0.8], [0, 0, 1, 1])

    def order(said: list[float]) -> float:
        return float(score_losses(links, opinions, torch.tensor(said)[:, None], images, 1)["order"])

    # all of scene 1 is thought worse than scene 0: not what the order within scenes is about
    assert order([0.6, 0.9, 0.1, 0.4]) == 0
    assert order([0.9, 0.6, 0.1, 0.4]) > 0


def test_a_noisy_set_pulls_less_and_orders_what_differs_by_more() -> None:
    links, images, said = Links(["mine"]), torch.arange(2), torch.tensor([[0.9], [0.1]])
    exact, noisy = (
        score_losses(links, scored([0.4, 0.55], [0, 0], noise), said, images, 1)
        for noise in (0.0, 0.2)
    )
    assert float(noisy["huber"]) == pytest.approx(float(exact["huber"]) / 5, rel=1e-4)
    assert float(exact["order"]) > 0
    assert float(noisy["order"]) == 0, "they differ by less than the noise"


def test_votes_are_likelier_for_the_better_image() -> None:
    links = Links(["first", "votes"], frozenset({"votes"}))
    opinions = OpinionSet(
        OpinionConfig("votes", "."),
        [],
        torch.full((2,), torch.nan),
        torch.tensor([0, 0]),
        torch.tensor([[0.0, 1.0, 3.0, 1.0]]),
    )

    def loss(better: float) -> float:
        scores = torch.tensor([[0.5 + better], [0.5]])
        return float(vote_losses(links, opinions, scores, torch.tensor([0])).detach())

    assert loss(0.0) == pytest.approx(math.log(2))
    (temperature,) = (float(it.detach().exp()) for it in links.temperatures.values())
    best = temperature * math.log(3)  # three votes of four
    assert loss(best) < loss(best + 0.05)
    assert loss(best) < loss(best - 0.05) < loss(-0.2)
