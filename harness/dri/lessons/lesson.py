"""Who learns, and what from."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from harness.dri.lessons.features import FeatureTable
from harness.dri.lessons.links import Links
from harness.dri.lessons.table import OpinionTable
from harness.dri.network.member import Member


class Learner(nn.Module):
    """A member, and the links from its scale to those of the sets of opinions.

    Args:
        member: Changed in place.
        links: Of all sets.
    """

    def __init__(self, member: Member, links: Links) -> None:
        super().__init__()
        self.member, self.links = member, links


@dataclass(frozen=True, slots=True)
class Lesson:
    """What there is to learn from.

    Attributes:
        tables: Sets of opinions, on the network's device.
        images: Of each set, those to learn from; none: the set is left out.
        versions: Descriptions and pseudo-scores of versions of the same contents.
    """

    tables: Sequence[OpinionTable]
    images: Sequence[Sequence[int]]
    versions: FeatureTable

    def sizes(self, batch: int) -> list[int]:
        """Rows of each set in a batch, by their weights; at least two, or none."""
        pairs = zip(self.tables, self.images, strict=True)
        weights = [table.opinions.config.weight if images else 0.0 for table, images in pairs]
        return [max(2, round(batch * item / sum(weights))) if item else 0 for item in weights]

    def steps(self, batch: int) -> int:
        """Batches until all images of every set were there once."""
        trios = zip(self.tables, self.images, self.sizes(batch), strict=True)
        return max(-(-len(table.rows_of(images)) // size) for table, images, size in trios if size)
