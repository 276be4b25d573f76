"""The sample manifests are valid, small, and use every photograph."""

from decimal import Decimal
from pathlib import Path

from batchsora.manifest import Planned, open_manifest

SAMPLES = Path(__file__).parents[2] / "manifests"


def jobs_of(name: str) -> list[Planned]:
    found = list(open_manifest(SAMPLES / name).jobs())
    jobs = [job for job in found if isinstance(job, Planned)]
    assert len(jobs) == len(found)
    return jobs


def test_the_campaign_has_eight_clips_of_four_photographs() -> None:
    jobs = jobs_of("campaign.yaml")
    assert len(jobs) == len({job.key for job in jobs}) == len({job.output for job in jobs}) == 8
    assert {job.image_path and job.image_path.name for job in jobs} == {
        *("cat.png", "coffee.jpg", "galaxies.jpg", "rocket.jpg")
    }
    assert sum(job.price_usd or 0 for job in jobs) == Decimal("3.60")


def test_the_product_feed_carries_its_own_columns() -> None:
    assert open_manifest(SAMPLES / "products.csv").columns == ("sku", "title", "price")
    jobs = jobs_of("products.csv")
    assert len(jobs) == len({job.key for job in jobs}) == 6
    assert dict(jobs[5].columns) == {"sku": "PET-12", "title": 'Cat bed "Cloud"', "price": "45.00"}


def test_the_variations_show_what_a_row_can_stand_for() -> None:
    jobs = jobs_of("variations.yaml")
    assert [job.id for job in jobs[:4]] == [
        *("coffee-push", "galaxies-push", "rocket-push", "cat-noir-720x1280")
    ]
    assert len(jobs) == len({job.key for job in jobs}) == len({job.output for job in jobs}) == 13
    assert [job.file for job in jobs[7:]] == ["products.csv"] * 6
