"""What a visitor can set in the five lessons; the teacher's notes show what comes out at the defaults."""

from __future__ import annotations

from experiments.app.address import Choice, Setting, Whole

LESSON = Choice("lesson", "luck", ("luck", "curse", "self", "base", "wings"))
SEED = Whole("lesson_seed", 1, 1, 999)
LUCK_SIZE = Choice("luck_size", "97", ("20", "50", "97", "200", "400", "800"))
CURSE_SIZE = Choice("curse_size", "97", ("50", "97", "200", "400", "800"))
CURSE_TRUTH = Choice("curse_truth", "pooled", ("sceptical", "pooled", "as-reported"))
SELF_DRIVE = Whole("self_drive", 30, 0, 40, 5)
SELF_CHOOSE = Whole("self_choose", 70, 0, 90, 10)
BASE_EFFECT = Whole("base_effect", 50, 10, 80, 10)
BASE_SHARE = Whole("base_share", 20, 10, 60, 10)
BASE_COUNTS = Choice("base_counts", "prison", ("prison", "any"))
WINGS_SIZE = Whole("wings_size", 30, 10, 200, 10)
WINGS_DIFFER = Whole("wings_differ", 30, 0, 100, 10)
SETTINGS: tuple[Setting, ...] = (
    LESSON, SEED, LUCK_SIZE, CURSE_SIZE, CURSE_TRUTH, SELF_DRIVE, SELF_CHOOSE, BASE_EFFECT, BASE_SHARE, BASE_COUNTS,
    WINGS_SIZE, WINGS_DIFFER,
)  # fmt: skip
