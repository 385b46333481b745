"""What a run produces: tidy, frozen rows."""

from harness.results.cells import (
    Cell,
    Failure,
    FailureKind,
    MetricValue,
    Restored,
    Score,
    Skipped,
    Spent,
)
from harness.results.leaderboards import (
    FEW_IMAGES,
    FIRST_CALLS,
    MIN_SIGNS,
    MIXED_HARDWARE,
    SIGNIFICANT,
    TIMED_BESIDE,
    Cost,
    Difference,
    Headline,
    Leaderboard,
    LeaderboardRow,
    TradeOff,
    TradeOffPoint,
    caution,
)
from harness.results.metric_agreement import Agreement, Disagreement
from harness.results.pairs import MOST_COMPARED, CriticalDifference, PairTest
from harness.results.people import MetricAgainstPeople, PeoplesVotes
from harness.results.run import (
    PlannedSet,
    Run,
    RunData,
    RunPlan,
    RunRestorer,
    SampleRecord,
)
from harness.results.set_scores import SetScore, SetScores, SetStanding
from harness.results.stability import RankRange, Stability
from harness.results.trends import History, Trend, TrendPoint
from harness.results.verdicts import COSTS, ChangedImage, Comparison, Finding, Verdict

__all__ = [
    "COSTS",
    "FEW_IMAGES",
    "FIRST_CALLS",
    "MIN_SIGNS",
    "MIXED_HARDWARE",
    "MOST_COMPARED",
    "SIGNIFICANT",
    "TIMED_BESIDE",
    "Agreement",
    "Cell",
    "ChangedImage",
    "Comparison",
    "Cost",
    "CriticalDifference",
    "Difference",
    "Disagreement",
    "Failure",
    "FailureKind",
    "Finding",
    "Headline",
    "History",
    "Leaderboard",
    "LeaderboardRow",
    "MetricAgainstPeople",
    "MetricValue",
    "PairTest",
    "PeoplesVotes",
    "PlannedSet",
    "RankRange",
    "Restored",
    "Run",
    "RunData",
    "RunPlan",
    "RunRestorer",
    "SampleRecord",
    "Score",
    "SetScore",
    "SetScores",
    "SetStanding",
    "Skipped",
    "Spent",
    "Stability",
    "TradeOff",
    "TradeOffPoint",
    "Trend",
    "TrendPoint",
    "Verdict",
    "caution",
]
