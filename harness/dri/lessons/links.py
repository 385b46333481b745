"""From the common scale of quality to the scale of each set of opinions.

Studies ask different people about different images on different screens: 60 points of one are not
60 points of another. Each set has a monotone link of its own, learnt with the network; the first
set's is the identity, so that the common scale is that of its people.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

KNOTS = 5


class MonotoneLink(nn.Module):
    """A rising, piecewise linear function of the common scale; at first the identity.

    Its slope is at least `FLATTEST` and has a value for each of `KNOTS` equal parts of [0, 1]; the
    first and the last go on outside.
    """

    FLATTEST = 0.1
    knots: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.offset = nn.Parameter(torch.zeros(()))
        # softplus of it and FLATTEST make 1
        self.steepness = nn.Parameter(
            torch.full((KNOTS,), 1 - self.FLATTEST).expm1().log().contiguous()
        )
        self.register_buffer("knots", torch.linspace(0, 1, KNOTS + 1)[1:-1])

    def forward(self, quality: Tensor) -> Tensor:
        """Quality on the common scale, of any shape -> the set's own, 0 for `low`, 1 for `high`."""
        slopes = F.softplus(self.steepness) + self.FLATTEST
        knots = self.knots.to(quality)
        bends = F.relu(quality[..., None] - knots) * slopes.diff()
        linked: Tensor = self.offset + slopes[0] * quality + bends.sum(dim=-1)
        return linked


class Links(nn.Module):
    """The links of all sets, by the sets' names.

    Args:
        names: Of the sets. The first one's link is the identity.
        votes: Names of the sets of votes; each has a temperature in place of a link.
    """

    def __init__(self, names: list[str], votes: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self.links = nn.ModuleDict(
            {_key(name): MonotoneLink() for name in names[1:] if name not in votes}
        )
        self.temperatures = nn.ParameterDict(
            {_key(name): nn.Parameter(torch.tensor(-2.3)) for name in names if name in votes}
        )

    def forward(self, name: str, quality: Tensor) -> Tensor:
        """Common scale -> that of the set."""
        key = _key(name)
        linked: Tensor = self.links[key](quality) if key in self.links else quality
        return linked

    def preferred(self, name: str, better: Tensor) -> Tensor:
        """Logits that people prefer one image to another that is worse by `better`."""
        logits: Tensor = better / self.temperatures[_key(name)].exp()
        return logits


def _key(name: str) -> str:
    """What a set's link is called: `type` and others are a module's own names."""
    return f"of {name}"
