"""The bootstrap against scikit-learn: point estimates, weighted resamples, ties, and what it calls undefined."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from chexnet.evaluation.bootstrap import Bits, Floats, Integers, Task, draw, rank, resample
from chexnet.evaluation.curves import POINTS, precision_recall_curve, roc_curve
from chexnet.evaluation.measure import Method, Scores, measure
from chexnet.evaluation.measure import estimate as measured_estimate

AVERAGES = ("macro", "micro", "weighted")


def population(*, rows: int, patients: int, prevalence: float, decimals: int | None, seed: int) -> Task:
    """Scores that resemble each other within a patient, ties included when rounded; patient 0 has many rows."""
    generator = np.random.default_rng(seed)
    patient = np.concatenate((np.arange(patients), generator.integers(0, patients, rows - patients)))
    patient[patients : patients + rows // 10] = 0
    labels = generator.random(rows) < prevalence
    logits = 1.1 * labels + 0.5 * generator.normal(size=patients)[patient] + generator.normal(size=rows)
    scores = 1 / (1 + np.exp(-logits))
    return Task(scores if decimals is None else np.round(scores, decimals), labels, patient)


@pytest.mark.parametrize("decimals", [None, 3, 2, 1, 0])
@pytest.mark.parametrize("prevalence", [0.01, 0.2, 0.9])
def test_point_estimates_and_resamples_equal_scikit_learn(decimals: int | None, prevalence: float) -> None:
    task = population(rows=1500, patients=400, prevalence=prevalence, decimals=decimals, seed=3)
    multiplicities = resample(np.bincount(task.patients), 20, seed=5)
    draws = draw(task, multiplicities)
    for column in range(21):
        weights = multiplicities[task.patients, column].astype(np.float64)
        auroc = roc_auc_score(task.labels, task.scores, sample_weight=weights)
        precision = average_precision_score(task.labels, task.scores, sample_weight=weights)
        assert abs(draws.auroc[column] - auroc) < 1e-12
        assert abs(draws.average_precision[column] - precision) < 1e-12


def test_counts_that_float32_cannot_hold_are_kept_in_float64() -> None:
    few = resample(np.full(10, 1000, np.int64), 5, seed=0)
    many = resample(np.full(10, 1000, np.int64), 5, seed=0, rows_per_image=1000)
    assert few.dtype == np.float32
    assert many.dtype == np.float64
    assert np.array_equal(few, many)


def test_float32_and_float64_counts_give_the_same_bits() -> None:
    task = population(rows=2000, patients=300, prevalence=0.1, decimals=2, seed=1)
    counts = resample(np.bincount(task.patients), 30, seed=2)
    single, double = draw(task, counts), draw(task, counts.astype(np.float64))
    assert np.array_equal(single.auroc, double.auroc)
    assert np.array_equal(single.average_precision, double.average_precision)


def test_the_same_seed_draws_the_same_patients_and_another_seed_others() -> None:
    sizes = np.array([3, 1, 4, 1, 5], np.int64)
    assert np.array_equal(resample(sizes, 50, seed=7), resample(sizes, 50, seed=7))
    assert not np.array_equal(resample(sizes, 50, seed=7), resample(sizes, 50, seed=8))


def test_every_resample_draws_as_many_patients_as_there_are() -> None:
    counts = resample(np.full(40, 2, np.int64), 25, seed=0)
    assert np.array_equal(counts.sum(axis=0), np.full(26, 40))


def test_a_draw_without_positives_is_undefined_and_the_others_are_not() -> None:
    task = Task(np.array([0.9, 0.2, 0.4, 0.1]), np.array([True, False, False, False]), np.arange(4))
    draws = draw(task, np.array([[1, 0, 1], [1, 2, 1], [1, 1, 0], [1, 1, 2]], np.float32))
    assert draws.auroc[0] == 1.0
    assert np.isnan(draws.auroc[1])
    assert np.isnan(draws.average_precision[1])
    assert draws.positives.tolist() == [1.0, 0.0, 1.0]


def test_a_draw_whose_top_scores_got_no_weight_still_has_its_average_precision() -> None:
    task = Task(np.array([0.9, 0.8, 0.3]), np.array([True, False, True]), np.arange(3))
    draws = draw(task, np.array([[0], [1], [1]], np.float32))
    assert draws.average_precision[0] == 0.5
    assert draws.auroc[0] == 0.0


def test_negatives_above_every_positive_are_counted() -> None:
    task = Task(np.array([0.1, 0.5, 0.5]), np.array([True, False, False]), np.arange(3))
    ranks = rank(task, np.ones((3, 1), np.float32))
    assert ranks.between.sum() == 2
    assert draw(task, np.ones((3, 1), np.float32)).auroc[0] == 0.0


def fold(*, classes: int, empty: int, seed: int = 0, rows: int = 600, patients: int = 150) -> Scores:
    """`classes` findings, of which the last `empty` have no positive."""
    tasks = [population(rows=rows, patients=patients, prevalence=0.15, decimals=3, seed=seed) for _ in range(classes)]
    labels: Bits = np.stack([task.labels for task in tasks], axis=1)
    labels[:, classes - empty :] = False
    noise = np.random.default_rng(seed).normal(scale=0.1, size=labels.shape)
    probabilities: Floats = np.clip(np.stack([task.scores for task in tasks], axis=1) + noise, 0, 1)
    patient: Integers = tasks[0].patients
    return Scores(tuple(f"finding {index}" for index in range(classes)), probabilities, labels, patient)


def test_averages_equal_scikit_learn_over_the_defined_classes() -> None:
    scores = fold(classes=5, empty=2)
    averages = measure(scores, Method(resamples=0, seed=0, level=0.95))["averages"]
    labels, probabilities = scores.labels[:, :3], scores.probabilities[:, :3]
    for average in AVERAGES:
        auroc = roc_auc_score(labels, probabilities, average=average)
        precision = average_precision_score(labels, probabilities, average=average)
        assert abs(averages["auroc"][average]["value"] - auroc) < 1e-12
        assert abs(averages["average_precision"][average]["value"] - precision) < 1e-12
    assert averages["classes"] == 3


def test_a_class_without_positives_is_said_to_be_undefined_and_leaves_the_averages() -> None:
    result = measure(fold(classes=4, empty=1), Method(resamples=100, seed=0, level=0.95))
    assert result["classes"][3]["auroc"] == {"defined": False, "because": "0 positives"}
    assert result["classes"][3]["roc"] is None
    assert result["undefined"] == ["finding 3"]
    assert result["averages"]["auroc"]["macro"]["defined"] is True


def test_without_any_defined_class_every_average_is_undefined() -> None:
    result = measure(fold(classes=2, empty=2), Method(resamples=100, seed=0, level=0.95))
    for metric in ("auroc", "average_precision"):
        for average in AVERAGES:
            assert result["averages"][metric][average] == {"defined": False, "because": "no class is defined"}
    assert result["averages"]["prevalence"] is None


def test_a_class_of_positives_only_is_undefined_too() -> None:
    scores = fold(classes=2, empty=0)
    scores.labels[:, 1] = True
    result = measure(scores, Method(resamples=100, seed=0, level=0.95))
    assert result["classes"][1]["auroc"] == {"defined": False, "because": "0 negatives"}


def test_resamples_that_lose_a_class_are_counted() -> None:
    scores = fold(classes=1, empty=0, rows=60, patients=60)
    scores.labels[:, 0] = False
    scores.labels[7, 0] = True
    result = measure(scores, Method(resamples=1000, seed=0, level=0.95))
    lost = result["averages"]["incomplete_resamples"]
    assert 300 < lost < 440  # A patient stays out of a resample with probability (1 - 1/60)**60 = 0.365.
    assert result["classes"][0]["auroc"]["resamples"] == 1000 - lost


def test_too_few_resamples_give_a_value_without_an_interval() -> None:
    estimate = measure(fold(classes=1, empty=0), Method(resamples=49, seed=0, level=0.95))["classes"][0]["auroc"]
    assert (estimate["low"], estimate["high"]) == (None, None)
    assert 0.5 < estimate["value"] < 1


def test_a_perfect_ranking_has_no_interval_because_every_resample_is_perfect_too() -> None:
    scores = fold(classes=1, empty=0)
    perfect = Scores(scores.findings, scores.labels.astype(np.float64), scores.labels, scores.patients)
    estimate = measure(perfect, Method(resamples=100, seed=0, level=0.95))["classes"][0]["auroc"]
    assert (estimate["value"], estimate["low"], estimate["high"]) == (1.0, None, None)


@pytest.mark.parametrize("seed", range(5))
def test_an_interval_holds_its_own_estimate_however_few_positives_there_are(seed: int) -> None:
    scores = fold(classes=6, empty=0, rows=32, patients=32, seed=seed)
    result = measure(scores, Method(resamples=300, seed=0, level=0.95))
    classes = [one[metric] for one in result["classes"] for metric in ("auroc", "average_precision")]
    averages = [result["averages"][metric][name] for metric in ("auroc", "average_precision") for name in AVERAGES]
    for estimate in [*classes, *averages]:
        if estimate["defined"] and estimate["low"] is not None:
            assert 0 <= estimate["low"] <= estimate["value"] <= estimate["high"] <= 1


def test_a_higher_level_gives_a_wider_interval() -> None:
    scores = fold(classes=1, empty=0)
    widths = []
    for level in (0.8, 0.95, 0.99):
        estimate = measure(scores, Method(resamples=100, seed=0, level=level))["classes"][0]["auroc"]
        widths.append(estimate["high"] - estimate["low"])
    assert widths == sorted(widths)


def test_an_interval_is_that_of_the_log_odds() -> None:
    draws = np.array([0.8, *np.linspace(0.7, 0.9, 101)])
    estimate = measured_estimate(draws, None, Method(resamples=101, seed=0, level=0.95))
    reach = 1.959964 * np.std(draws[1:], ddof=1) / 0.16
    assert estimate["low"] == pytest.approx(1 / (1 + np.exp(-(np.log(4) - reach))), abs=1e-6)
    assert estimate["high"] == pytest.approx(1 / (1 + np.exp(-(np.log(4) + reach))), abs=1e-6)


def test_images_that_repeat_each_other_do_not_narrow_an_interval_over_patients() -> None:
    once = fold(classes=1, empty=0, rows=200, patients=200)
    copies = np.repeat(np.arange(200), 9)
    nine = Scores(once.findings, once.probabilities[copies], once.labels[copies], once.patients[copies])
    method = Method(resamples=200, seed=0, level=0.95)
    first, second = (measure(scores, method)["classes"][0]["auroc"] for scores in (once, nine))
    assert (first["low"], first["high"]) == pytest.approx((second["low"], second["high"]), abs=1e-12)


def test_the_area_under_the_thinned_roc_curve_is_the_auroc() -> None:
    task = population(rows=20_000, patients=5000, prevalence=0.1, decimals=None, seed=4)
    curve = roc_curve(task.scores, task.labels)
    assert len(curve.x) <= POINTS + 2
    assert (curve.x[0], curve.y[0], curve.x[-1], curve.y[-1]) == (0, 0, 1, 1)
    assert abs(np.trapezoid(curve.y, curve.x) - roc_auc_score(task.labels, task.scores)) < 2e-4


def test_the_area_under_the_whole_precision_recall_steps_is_the_average_precision() -> None:
    task = population(rows=900, patients=300, prevalence=0.1, decimals=2, seed=4)
    curve = precision_recall_curve(task.scores, task.labels)
    gained = np.diff(curve.x, prepend=0.0)
    assert abs(gained @ curve.y - average_precision_score(task.labels, task.scores)) < 1e-12
