"""The report that people share: a folder of pages that opens from disk and from any static host."""

from pathlib import Path
from typing import ClassVar

from harness.protocols.report import ReportData


class HTMLReport:
    """`OUT/index.html` with everything else in `OUT/site/`.

    For OUT ending in `.html` that page and `NAME-files/`.

    The pages open from disk and from any static host: they ask the network for nothing, and their
    content security policy lets them load nothing but the files beside them.
    """

    name: ClassVar[str] = "html"
    suffix: ClassVar[str] = ""

    def write(self, report: ReportData, out: Path) -> Path:
        """Writes the pages and their images; what an earlier report left there is removed."""
        from reports.html.site import write_site

        return write_site(report, out)
