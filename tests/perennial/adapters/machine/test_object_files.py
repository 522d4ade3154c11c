import re
from pathlib import Path

import pytest

from perennial.adapters.machine.object_files import FolderUnreadable, ObjectFiles
from perennial.cluster.objects import Objects
from tests.support.perennial.clusters import NOW, a_config_map, an_owner, uids


def test_objects_are_there_again_as_they_were(tmp_path: Path) -> None:
    before = Objects(ObjectFiles(tmp_path), uids())
    kept = before.apply(an_owner("Deployment"), NOW)
    before.create(a_config_map(), NOW)
    before.delete(
        {**a_config_map(), "metadata": {**a_config_map()["metadata"], "uid": "uid-2"}}, NOW
    )

    assert ObjectFiles(tmp_path).load() == [kept]


def test_a_write_that_was_cut_off_has_not_happened(tmp_path: Path) -> None:
    files = ObjectFiles(tmp_path)
    kept = Objects(files, uids()).apply(an_owner("Deployment"), NOW)
    (tmp_path / "Deployment.team.it.tmp").write_text('{"kind": "Depl')

    assert files.load() == [kept]
    assert [each.name for each in tmp_path.iterdir()] == ["Deployment.team.it.json"]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"kind": "Pod", "metadata": {"name": "a"}}'])
def test_a_file_that_holds_no_object_is_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "Pod.team.a.json"
    file.write_text(content)

    with pytest.raises(FolderUnreadable, match=re.escape(f"{file} holds no object")):
        ObjectFiles(tmp_path).load()
