from pathlib import Path

from tests.support.perennial.running import a_manifest, a_secret, is_serving, running, until


async def test_the_operators_own_passes_bring_a_manifest_to_its_first_model(tmp_path: Path) -> None:
    a_secret(tmp_path, AWS_ACCESS_KEY_ID="key")

    async with running(tmp_path, a_manifest()) as loop:
        status = await until(loop, is_serving)

        kinds = ("Deployment", "StatefulSet", "Job", "Pod")
        made = {kind: loop.cluster.objects.labeled(kind, "default", "income") for kind in kinds}
        assert {kind: len(found) for kind, found in made.items()} == dict.fromkeys(kinds, 1) | {
            "Pod": 3
        }
        assert [c["type"] for c in made["Job"][0]["status"]["conditions"]] == ["Complete"]
        history = [(each["number"], each["outcome"], each["version"]) for each in status["history"]]
        assert history == [(1, "Promoted", "v1-11111111")]
        assert status["model"]["version"] == "v1-11111111"
