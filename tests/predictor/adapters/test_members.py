import pytest

from perennial_predictor.adapters.members import Identity, Others, client_id, others

OURS = Identity("cluster-a", "team", "loans")


@pytest.mark.parametrize(
    ("members", "found"),
    [
        ([], Others([], [])),
        (["perennial.cluster-a.team.loans"] * 2, Others([], [])),
        (["rdkafka"], Others([], [])),
        (["perennial..team.loans"], Others([], [])),
        (
            ["perennial.cluster-b.team.loans"] * 2,
            Others([Identity("cluster-b", "team", "loans")], []),
        ),
        (
            ["perennial.cluster-a.team.income", "perennial.cluster-a.team.loans"],
            Others([Identity("cluster-a", "team", "income")], []),
        ),
        (["consumer-1", "a-console", "consumer-1"], Others([], ["a-console", "consumer-1"])),
        (["perennial.one.two.three.four"], Others([], ["perennial.one.two.three.four"])),
    ],
)
def test_members_of_others_are_told_from_ours(members: list[str], found: Others) -> None:
    assert others(members, OURS) == found


def test_a_pipeline_that_knows_no_cluster_takes_its_namesakes_for_itself() -> None:
    unknown = OURS._replace(cluster="")
    assert others([client_id(OURS), client_id(unknown)], unknown) == Others([], [])
