"""report.html: a run to be watched, in one file that asks no network for anything."""

from batchsora.reports.page.gallery import as_ms
from batchsora.reports.page.page import Page, page_report
from batchsora.reports.page.pictures import Pictures, Source

__all__ = ["Page", "Pictures", "Source", "as_ms", "page_report"]
