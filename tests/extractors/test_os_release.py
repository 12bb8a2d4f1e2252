"""What stands in os-release becomes part of every package URL."""

import pytest

from ospo.errors import ParseError
from ospo.extractors.interface import File, Held
from ospo.extractors.os_release import EXTRACTORS
from ospo.model import Distro, Record


def extracted(id_: str) -> list[Record]:
    data = f'ID="{id_}"\nVERSION_ID=1\n'.encode()
    return list(EXTRACTORS[0].extract(File("etc/os-release", len(data), 0o644, Held(data))))


@pytest.mark.parametrize("id_", ["../../x", "..", ".", "a/b", "a b", "a?arch=b", "dëbian", "a%2fb", "a\\nb"])
def test_an_id_that_would_change_package_urls_gives_no_distribution(id_: str) -> None:
    with pytest.raises(ParseError, match="has an ID that is none"):
        extracted(id_)


@pytest.mark.parametrize("id_", ["debian", "opensuse-leap", "linux_mint.1", "openEuler"])
def test_an_id_is_taken_as_it_stands(id_: str) -> None:
    assert extracted(id_) == [Distro(id_, "1")]
