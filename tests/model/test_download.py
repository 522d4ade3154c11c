import pytest

from perennial_contract.objects.bundle import MANIFEST, MODEL, BundleBroken, key
from perennial_model.download import ModelMissing, download
from tests.fakes.bundle import a_bundle


class Flaky:
    """Objects of which one is damaged for its first downloads."""

    def __init__(self, objects: dict[str, bytes], name: str = "", times: int = 0) -> None:
        self.asked: list[str] = []
        self._objects = objects
        self._name = name
        self._times = times

    def get(self, key: str) -> bytes | None:
        self.asked.append(key)
        damaged = key.endswith(self._name) and self.asked.count(key) <= self._times
        return self._objects[key][:-1] if damaged else self._objects.get(key)


def test_a_bundle_comes_with_its_manifest_first() -> None:
    bundle, objects = a_bundle()
    flaky = Flaky(objects)
    assert download(flaky, bundle.version) == bundle
    assert flaky.asked[0] == key(bundle.version, MANIFEST)


@pytest.mark.parametrize("name", [MANIFEST, MODEL])
def test_a_wrong_digest_is_downloaded_again_twice(name: str) -> None:
    bundle, objects = a_bundle()
    assert download(Flaky(objects, name, times=2), bundle.version) == bundle


@pytest.mark.parametrize("name", [MANIFEST, MODEL])
def test_a_digest_that_is_wrong_three_times_breaks_the_bundle(name: str) -> None:
    bundle, objects = a_bundle()
    flaky = Flaky(objects, name, times=9)
    with pytest.raises(BundleBroken, match=name):
        download(flaky, bundle.version)
    assert flaky.asked.count(key(bundle.version, name)) == 3


def test_a_version_without_a_manifest_does_not_exist() -> None:
    with pytest.raises(ModelMissing, match=r"v9-00000000/manifest\.json does not exist"):
        download(Flaky({}), "v9-00000000")


def test_a_file_that_the_manifest_names_must_be_there() -> None:
    bundle, objects = a_bundle()
    del objects[key(bundle.version, MODEL)]
    with pytest.raises(BundleBroken, match=r"model\.txt does not exist"):
        download(Flaky(objects), bundle.version)
