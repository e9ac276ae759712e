"""The committed results of long computations: current, sound, and as they would come out again.

A whole run is never repeated to its last digit, since runs are chaotic: the first updates of one run are
repeated, to 1e-6, and of the rest the ordering that a page speaks of is checked.
"""

import copy

import numpy as np
import pytest
import sympy as sp

from book.results import __main__, _files, _sources
from ngbook import families

LARGEST = 50_000  # bytes of a file: it travels with the pages and the notebooks
HELD = {"about", "machine", "settings", "beginning", "numbers", "hash"}
MACHINE = {"processor", "python", "numpy", "gymnasium"}  # and no name of a person, a path or a host


# --- five questions, each with the list of what is wrong ------------------------------------------


def stale(name, held):
    if _files.is_current(name, held):
        return []
    return [f"{name}.json is not what its functions and settings are now: run `make results`"]


def malformed(name, held):
    problems = [f"{name}.json has {part}, or lacks it" for part in set(held) ^ HELD]
    problems += [
        f"{name}.json has {part} of the machine, or lacks it" for part in set(held["machine"]) ^ MACHINE
    ]
    if len(_files.text(held)) > LARGEST:
        problems.append(f"{name}.json has more than {LARGEST} bytes: round its numbers, or keep fewer")
    return problems


def settings_differ(name, held):
    return [] if held["settings"] == _files.script(name).SETTINGS else [f"{name}.json has other settings"]


def begins_otherwise(name, held):
    again, stored = _files.script(name).beginning(), held["beginning"]
    if set(again) != set(stored):
        return [f"{name}.json begins with {', '.join(stored)}, and not with {', '.join(again)}"]
    return [
        f"{name}.json begins with {stored[part]} for {part}, and came out as {numbers}"
        for part, numbers in again.items()
        if not np.allclose(numbers, stored[part], rtol=1e-6, atol=0)
    ]


def disordered(name, held):
    return [f"{name}.json: not true: {claim}" for claim, true in ORDERINGS[name](held["numbers"]) if not true]


QUESTIONS = [stale, malformed, settings_differ, begins_otherwise, disordered]


# --- what the pages say of the numbers -----------------------------------------------------------


def cartpole(numbers):
    rules = numbers["rules"]
    medians = {name: np.median(rule["learning curves"], axis=0) for name, rule in rules.items()}
    yield "all medians begin low and pass 400", all(m[0] < 30 and m.max() >= 400 for m in medians.values())
    yield "the median of PPO stays near the top", medians["PPO"][13:].min() > 475
    yield "that of TRPO does not get there", medians["TRPO"].max() < 475
    yield "TRPO keeps to its radius", max(rules["TRPO"]["longest steps"]) <= 0.12
    yield (
        "PPO's steps are shorter",
        10 * np.median(rules["PPO"]["median steps"]) < np.median(rules["TRPO"]["median steps"]),
    )


def catalogue(numbers):
    for slug, family in families.catalogue().items():
        derived = family.derivation()
        yield f"{slug} is what the program derives", sp.sympify(numbers[slug]) == derived.matrix
        yield f"{slug} has its forms", len(derived.proved) + len(derived.missing) == 2


def tuning(numbers):
    middling = {name: np.median(heights, axis=1) for name, heights in numbers.items()}
    yield "no best is at an end", all(0 < np.argmax(m) < len(m) - 1 for m in middling.values())
    best = [np.array(numbers[name])[np.argmax(m)] for name, m in middling.items()]
    yield "the ranges of the best overlap", max(b.min() for b in best) <= min(b.max() for b in best)


def rays(numbers):
    damped, full = np.ravel(numbers["with the damping"]), np.ravel(numbers["without"])
    yield "no first trial is too long", damped.max() <= 1 and not any(numbers["shortened"])
    yield "of full length many are", np.sum(full > 1) > 50
    yield (
        "policies have as many parameters as the network",
        {len(p) for p in numbers["policies"].values()} == {226},
    )


def late(numbers):
    below = {name: np.sum(np.array(runs["lowest"]) < 400) for name, runs in numbers.items()}
    made = {name: sum(runs["updates"]) for name, runs in numbers.items()}
    yield "TRPO harms", below["TRPO"] >= 2 * below["none"]
    yield "not if it waits, or goes slowly", max(below["failures"], below["quarter"]) <= below["TRPO"] / 2
    yield "nor if it makes few steps at random", below["as many as failures"] <= below["TRPO"] / 2
    yield "it does without falls", below["successes"] > 1.5 * below["as many as successes"]
    yield "as many are as many", all(made[f"as many as {n}"] == made[n] for n in ("failures", "successes"))
    yield "noise harms more", below["noise"] > 1.5 * below["TRPO"]


def large_radius(numbers):
    natural, trpo = numbers["natural policy gradient"], numbers["TRPO"]
    yield "TRPO keeps to its radius", np.max(trpo["divergences"]) <= 2 and sum(trpo["shortened"]) > 10
    yield (
        "the natural gradient does not",
        np.max(natural["divergences"]) > 3 and not any(natural["shortened"]),
    )
    yield (
        "few last policies are solved",
        all(np.sum(np.array(r["fresh means"]) >= 475) <= 5 for r in (natural, trpo)),
    )


def pendulum(numbers):
    returns = {name: np.array(rule["mean returns"]) for name, rule in numbers.items()}
    yield "all runs begin low", all(np.max(each[:, 0]) < -1000 for each in returns.values())
    yield (
        "the medians pass -200 and stay",
        all(np.median(each, axis=0)[20:].min() > -200 for each in returns.values()),
    )
    yield "TRPO's dips are deeper", returns["TRPO"][:, 20:].min() < returns["PPO"][:, 20:].min() - 100


def actor_critic(numbers):
    line, motion = (numbers[name] for name in ("linear-quadratic", "motor primitive"))
    held = [rule for task in (line, motion) for rules in task.values() for rule in rules.values()]
    yield "no best size is at an end", all(0 < r["place"][0] < r["place"][1] - 1 for r in held)
    yield "all have twenty runs", all(len(r["episodes"]) == 20 for r in held)

    def median(task, method, rule):
        return np.median(task[method][rule]["episodes"])

    fixed, given = ({name: median(line, name, rule) for name in line} for rule in ("fixed", "length"))
    yield "a tenth of finite differences", 8 < fixed["finite differences"] / fixed["eNAC"] < 13
    yield "not of REINFORCE", max(fixed["REINFORCE"] / fixed["eNAC"], given["REINFORCE"] / given["eNAC"]) < 6
    yield "with lengths level with GPOMDP", given["GPOMDP"] < 2 * given["eNAC"]
    yield (
        "reversed on the motion",
        all(median(motion, "eNAC", rule) > median(motion, "REINFORCE", rule) for rule in ("fixed", "length")),
    )
    of_regression = [scale["eNAC"]["length"]["episodes"] for scale in numbers["rescaled"].values()]
    yield "eNAC knows no scale", all(runs == of_regression[0] for runs in of_regression)
    plain = [median(scale, "REINFORCE", "length") for scale in numbers["rescaled"].values()]
    yield "REINFORCE does", plain == sorted(plain) and plain[-1] > 3 * plain[0]


def deep_linear(numbers):
    races, starts = numbers["races"], numbers["starts"]
    medians = {
        (rule, kappa): [np.median(by_kappa[kappa]["steps"]) for by_kappa in races[rule].values()]
        for rule in races
        for kappa in ("1", "100", "10000")
    }
    yield "the natural gradient needs three steps", max(medians["natural", "10000"]) <= 3
    yield "the others hundreds", min(medians["gradient", "100"] + medians["momentum", "100"]) > 100
    yield "and gradient descent thousands", min(medians["gradient", "10000"]) > 5000
    yield (
        "no best size is at an end",
        all(
            0 < race["place"][0] < race["place"][1] - 1
            for r in races.values()
            for d in r.values()
            for race in d.values()
        ),
    )
    for depth in ("2", "4"):
        yield f"{depth} layers do as predicted", starts[depth]["as predicted"]["layers"] == 200
    for depth in ("3", "5"):
        yield f"{depth} layers jump", starts[depth]["arrived"]["layers"] > 3 * starts[depth]["predicted"]
    yield "the shortest arrives", all(each["arrived"]["shortest"] == 200 for each in starts.values())
    yield "and mostly the gradient", all(each["arrived"]["gradient"] >= 180 for each in starts.values())
    for kappa, rules in numbers["online"].items():
        middle = {
            (rule, rate, budget): np.median(row["excess"])
            for rule in ("gradient", "natural", "natural, data errors")
            for rate, by_budget in rules[rule].items()
            for budget, row in by_budget.items()
        }
        places = [rules[rule][rate][budget]["place"] for rule, rate, budget in middle]
        yield f"no best size is at an end, {kappa}", all(0 < at < last - 1 for at, last in places)
        yield (
            f"a small advantage is left, {kappa}",
            all(2 < middle["gradient", *how] / middle["natural", *how] < 15 for _, *how in middle),
        )
        yield (
            f"data errors are worse, {kappa}",
            all(middle["natural, data errors", *how] > 1.2 * middle["natural", *how] for _, *how in middle),
        )
        for budget, borrowed in rules["borrowed"].items():
            tuned = rules["natural"]["fixed"][budget]["excess"]
            yield f"and bad with borrowed sizes, {kappa}", min(borrowed) > 3 * max(tuned)


def exponential_forms(numbers):
    exponential = {slug for slug, held in numbers.items() if "statistics" in held}
    yield "twenty-five of thirty-one", (len(exponential), len(numbers)) == (25, 31)
    for slug, family in families.catalogue().items():
        held = numbers[slug]
        if slug not in exponential:
            first, last = held["ranks"]
            yield f"{slug}: the rank grows", held["order"] is None and len(family.parameters) < first < last
            continue
        form = family.exponential_form()
        yield f"{slug}: the referee agrees", held["ranks"] == [held["order"]] * 2 == [form.order] * 2
        for part, entries in (("statistics", form.statistics), ("natural", form.natural_parameters)):
            yield f"{slug}: its {part}", [sp.sympify(each) for each in held[part]] == list(entries)
        yield f"{slug}: its function A", sp.sympify(held["log partition"]) == form.log_partition


def posteriors(numbers):
    runs, one_size = numbers["problems"], numbers["one size"]
    held = [each for rules in runs.values() for each in rules.values()]
    common = {r: v["problems"] for r, v in one_size.items()}
    in_common = [each for problems in common.values() for each in problems.values()]
    places = [each["place"] for each in (*held, *one_size.values())]
    yield "no best size is at an end", all(0 < at < count - 1 for at, count in places)
    yield "all have sixty runs", all(len(r["steps"]) == 60 for r in (*held, *in_common))
    *natural, plain = one_size
    medians, means = (
        {name: {r: f(v["steps"]) for r, v in rules.items()} for name, rules in runs.items()}
        for f in (np.median, np.mean)
    )
    level = [medians[name].values() for name in ("logistic", "Student", "two groups")]
    yield "within a factor of two in three problems", all(max(m) <= 2 * min(m) for m in level)
    yield "rule (II) is first once", min(means["logistic"], key=means["logistic"].get) == natural[0]
    yield "and last once", max(means["Student"], key=means["Student"].get) == natural[0]
    yield "and far ahead once", means["Poisson"][plain] > 10 * means["Poisson"][natural[0]]
    yield (
        "natural rules know no unit",
        all(runs["logistic"][r] == runs["logistic, other unit"][r] for r in natural),
    )
    yield (
        "rule (II) loses no run",
        all(v["left"] + v["late"] == 0 for v in (r[natural[0]] for r in runs.values())),
    )
    four = {
        rule: np.mean([np.mean(v["steps"]) for name, v in problems.items() if "unit" not in name])
        for rule, problems in common.items()
    }
    yield (
        "with a common size natural rules are ahead, by less than two",
        all(four[r] < four[plain] < 2 * four[r] for r in natural),
    )
    alone = common[plain]["logistic, other unit"]
    yield "and the plain gradient fails in another unit", alone["left"] + alone["late"] == 60


def efficiency(numbers):
    names, near = ("Gaussian", "Student t", "coin"), {}
    for name in names:
        near[name] = {method: row["means"][-1] for method, row in numbers[name]["near"].items()}
        for c, limit in ((1, 1.0), (2, 4 / 3)):
            value = near[name][f"natural, c = {c}"]
            yield f"{name}, c = {c}: at its limit", abs(value - limit) < 0.1
        yield f"{name}: tuning finds c = 1", numbers[name]["near"]["natural, tuned"]["constant"] == 1
        rows = [row for start in ("near", "far") for row in numbers[name][start].values() if "place" in row]
        yield "no best constant is at an end", all(0 < r["place"][0] < r["place"][1] - 1 for r in rows)
    yield "one parameter needs nothing natural", all(near[n]["plain, tuned"] < 1.1 for n in names[1:])
    yield "two do", near["Gaussian"]["plain, tuned"] > 2
    far = {name: {m: row["means"][-1] for m, row in numbers[name]["far"].items()} for name in names}
    yield "a far start is lost", min(far[n]["natural, c = 1"] for n in names[:2]) > 1e5
    yield "a cap helps one and harms one", far["Gaussian"]["capped"] < 10 < 1e4 < far["coin"]["capped"]
    ends = {method: row["means"][-1] for method, row in numbers["regression"].items()}
    yield "scores of the data are worse", ends["scores of the data"] > 1.4 * ends["Kalman"]
    yield "averages are as good", abs(ends["averaged, tuned"] - ends["Kalman"]) < 0.1


def newton_races(numbers):
    races, fixed = numbers["races"], numbers["fixed"]
    held = [race for task in races.values() for race in task.values() if any(race["steps"])]
    yield "no best size is at an end", all(0 < r["place"][0] < r["place"][1] - 1 for r in held)

    def median(task, method, what):
        return np.median([np.inf if x is None else x for x in races[task][method][what]])

    for task in races:
        fewer = median(task, "natural, products", "steps") < median(task, "Adam", "steps") / 2
        yield f"fewer steps than Adam on {task}", fewer
        yield f"the empirical matrix does not arrive on {task}", not any(races[task]["empirical"]["steps"])
    ahead = {t: median(t, "Adam", "seconds") / median(t, "natural, products", "seconds") for t in races}
    decaying = median("smooth", "Adam, decaying", "seconds") / median(
        "smooth", "natural, products", "seconds"
    )
    yield "Adam is faster on the spirals", ahead["spirals"] < 1 / 2
    yield "the natural gradient on the smooth task", min(ahead["smooth"], decaying) > 2
    yield "level on the regression", 1 / 1.6 < ahead["regression"] < 1.6
    yield "a fixed damping explodes", min(max(curve) for curve in fixed["1, 0.001"]) > 100
    yield "an adaptive one does not", max(max(curve) for curve in fixed["adaptive"]) < 1.5


def newton_data(numbers):
    shares = {name: np.mean(run["variance"], axis=0) for name, run in numbers["order"].items()}
    yield "no setting is at an end", not any(run["at an end"] for run in numbers["order"].values())
    yield "the last fifth matters most", all(each[-1] > each[:-1].sum() for each in shares.values())
    sums = {name: np.sum(run["variance"], axis=1) for name, run in numbers["order"].items()}
    yield "the ranges overlap", sums["natural"].max() > max(sums["SGD"].min(), sums["Adam"].min())
    good = {kind: np.sum(np.array(found) < 1) for kind, found in numbers["unlabelled"]["1, 0.03"].items()}
    few, many = max(good["same batch"], good["30 others"]), min(good["batch and 270"], good["300 others"])
    yield "more inputs carry a bold step", few + 2 <= many
    own, others = (np.array(numbers["few labels"][count])[:, 0] for count in ("0", "600"))
    yield "no effect on the test loss", abs(own.mean() - others.mean()) < own.std()


def kronecker(numbers):
    to_two = {name: np.array([run["goals"]["2.0"] for run in runs]) for name, runs in numbers["runs"].items()}
    kron, adam, exact = (to_two[name] for name in ("K-FAC, momentum", "Adam", "exact, by CG"))
    yield "no best size is at an end", all(0 < each["place"] < 12 for each in numbers["tuned"].values())
    yield "the exact matrix needs the fewest iterations", (2 * exact[:, 0] < kron[:, 0] * 1.1).all()
    yield "Kronecker factors need the least time", (np.minimum(adam, exact) > 2 * kron)[:, 1].all()
    yield "and fewer iterations than Adam", (adam > 10 * kron)[:, 0].all()
    reach_one = {name for name, runs in numbers["runs"].items() if all(run["goals"]["1.0"] for run in runs)}
    yield "nothing else reaches one nat", reach_one == {"K-FAC, momentum"}
    of_test = np.array([run["test"] for run in numbers["runs"]["K-FAC, momentum"]])
    yield "the loss on other pictures rises", (of_test[:, -1] > 5 * of_test.min(axis=1)).all()
    yield "not with many", numbers["many"]["test"][-1] < 1.3 * numbers["many"]["excess"][-1]


def hypercube(numbers):
    def median(task, basis, method):
        steps = numbers[task][basis][method]["steps"]
        return np.inf if steps is None else np.median(steps)

    races = [race for task in numbers.values() for basis in task.values() for race in basis.values()]
    held = [race for race in races if race["steps"] is not None]
    yield "no best size is at an end", all(0 < r["place"][0] < r["place"][1] - 1 for r in held)
    bases = list(numbers["3 bits, spread"])
    for method in ("Fisher", "Wasserstein"):
        same = [
            task[bases[0]][method]["steps"] == task[bases[1]][method]["steps"] for task in numbers.values()
        ]
        yield f"{method} does not see the basis", all(same)
    for task in numbers:
        pairs = [[median(task, basis, m) for m in ("Fisher", "Wasserstein")] for basis in bases]
        yield f"Fisher needs fewer steps: {task}", all(2 * first < second for first, second in pairs)
    spread = [median(task, basis, "Wasserstein, damped") for task in list(numbers)[:2] for basis in bases]
    yield "damping helps", max(spread) < 5 < min(median("3 bits, spread", b, "Wasserstein") for b in bases)
    other = "4 bits, other starts"
    yield "plain wins once", median(other, bases[1], "plain") < 0.6 * median(other, bases[1], "Fisher")


def flowing(numbers):
    table, race = numbers["particles"], numbers["race"]
    narrow, wide = table["narrow"], table["wide"]
    yield "weights do not cross", max(narrow["reweighting"]["right"]) < 1e-6
    yield "Stein's particles do not", max(narrow["Stein"]["right"]) == 0
    births = narrow["Langevin, births"]["right"]
    yield "births mostly do, and not in each run", births[0] < 0.3 and np.median(births) > 0.6
    yield "from a wide start they do", min(wide["Langevin, births"]["right"]) > 0.85
    yield "where half of the others stay", 0.35 < np.median(wide["Langevin"]["right"]) < 0.6
    yield "all stay on the right", all(np.median(m["right"]) > 0.98 for m in table["at the right"].values())
    for count, rows in numbers["stein"].items():
        middle = [np.median(row) for row in rows.values()]
        yield (
            f"the variance of {count} collapses",
            middle == sorted(middle, reverse=True) and middle[-1] < 0.1,
        )
    held = [side for sides in race.values() for side in sides.values()]
    yield "no best size is at an end", all(0 < side["place"][0] < side["place"][1] - 1 for side in held)
    medians = {
        (rule, name): np.array([np.median(runs) for runs in side["updates"].values()])
        for rule, sides in race.items()
        for name, side in sides.items()
    }
    for how in ("scores", "paths"):
        fixed = medians["fixed", f"Wasserstein, {how}"] / medians["fixed", f"Fisher, {how}"]
        length = medians["length", f"Wasserstein, {how}"] / medians["length", f"Fisher, {how}"]
        yield f"fixed sizes: Wasserstein, {how}", max(fixed) < 0.8
        yield f"lengths: level, {how}", 0.5 < min(length) and max(length) < 2
    for how in ("scores", "paths"):
        sides = [
            medians[f"{rule}, no cap", f"Wasserstein, {how}"] / medians[f"{rule}, no cap", f"Fisher, {how}"]
            for rule in ("fixed", "length")
        ]
        yield f"no cap: each wins one, {how}", max(sides[0]) < 0.8 and min(sides[1]) > 1.2
        for one, other in (("Fisher", "Wasserstein"), ("Wasserstein", "Fisher")):
            ratio = medians["exchanged", f"{one}, {how}"] / medians["length", f"{other}, {how}"]
            yield f"the factor exchanged: {one}, {how}", max(abs(np.log(ratio))) < 0.4
    for rule in ("fixed", "length"):
        for name in ("Fisher", "Wasserstein"):
            better = medians[rule, f"{name}, paths"] < medians[rule, f"{name}, scores"]
            yield f"{rule}, {name}: paths are better", all(better)


def geodesic_numbers(numbers):
    charts = [value for slug, value in numbers["constant"].items() if slug.startswith("normal")]
    yield "the Gaussian has one curvature in five charts", charts == ["-1/2"] * 5
    yield (
        "the categorical distribution that of a sphere of radius 2",
        numbers["constant"]["categorical"] == "1/4",
    )
    curves = numbers["curves"]
    yield "Gamma and Beta fall", all(np.all(np.diff(curves[slug]) < 0) for slug in ("gamma", "beta"))
    yield "all end at the Gaussian's", all(abs(curve[-1] + 0.5) < 0.001 for curve in curves.values())
    yield "von Mises overshoots", min(curves["von_mises"]) < -0.5
    both = numbers["distances"].values()
    yield "there and back are one distance", all(abs(d["there"] / d["back"] - 1) < 1e-8 for d in both)
    counts = np.array(list(numbers["shooting"].values()))
    yield "stages find what the chord does not", np.all(counts[:, 1] == 10) and counts[-1, 0] < 10


def beetles(numbers):
    coarse, fine = (np.array(numbers["apart"][size]) for size in ("0.02", "0.01"))
    yield "nine steps are equal", not fine[:9, :9].any()
    ratio = coarse[9:12, :9] / fine[9:12, :9]
    yield "three are, to first order", (np.abs(ratio - 2) < 0.1).all()
    kept = np.abs(coarse[12:, :12] / fine[12:, :12] - 1)
    yield "seven are not", (kept < 0.25).all() and (fine[12:, :9] > 0.005).all()
    counts, grids = numbers["counts"], numbers["grids"]
    yield (
        "only the gradient notices the chart",
        all(each["centred"] == each["raw"] for links in counts.values() for each in links.values())
        and all(each["centred"] == each["raw"] for each in grids["Wasserstein"].values()),
    )
    best = {chart: [k for k in grids["gradient"]["logit"][chart] if k] for chart in ("centred", "raw")}
    yield "more than a thousand times", min(best["raw"]) > 1000 * min(best["centred"])
    yield (
        "no best is at an end",
        all(
            not line[0] and not line[-1]
            for of in grids.values()
            for each in of.values()
            for line in each.values()
        ),
    )


def scale(numbers):
    direction, shards = numbers["direction"], numbers["shards"]
    yield "five numbers of scores", list(direction) == [str(10**k) for k in range(3, 8)]
    yield "four of inputs", list(numbers["product"]) == [str(10**k) for k in range(3, 7)]
    large = direction["10000000"]
    yield "an array of ten million is in memory", large["array"]["peak"] > 3600
    yield "chunks are not", max(side["peak"] for name, side in large.items() if name != "array") < 1000
    yield (
        "few scores are expensive to share",
        direction["1000"]["processes"]["processor"] > 5 * direction["1000"]["array"]["processor"],
    )
    lengths = [np.array(shards[name]) for name in ("Gaussian", "logistic")]
    yield "the mean is longer with more machines", all(np.all(np.diff(each) > 0) for each in lengths)
    yield "most with longer tails", np.all(lengths[1] > lengths[0])


ORDERINGS = {
    "actor_critic_races": actor_critic,
    "efficiency_streams": efficiency,
    "deep_linear": deep_linear,
    "fisher_catalogue": catalogue,
    "flowing_policies": flowing,
    "geodesics": geodesic_numbers,
    "gauss_newton_data": newton_data,
    "gauss_newton_races": newton_races,
    "kronecker_autoencoder": kronecker,
    "one_problem": beetles,
    "scale_chunks": scale,
    "trpo_cartpole": cartpole,
    "trpo_large_radius": large_radius,
    "trpo_late": late,
    "trpo_pendulum": pendulum,
    "trpo_rays": rays,
    "trpo_tuning": tuning,
    "two_coordinates_forms": exponential_forms,
    "two_coordinates_posteriors": posteriors,
    "wasserstein_hypercube": hypercube,
}


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.__name__)
@pytest.mark.parametrize("name", _files.NAMES)
def test_a_committed_result(name, question):
    problems = question(name, _files.read(name))
    assert not problems, "\n".join(problems)


def test_every_file_has_a_script_and_an_ordering():
    assert sorted(path.stem for path in _files.FOLDER.glob("*.json")) == _files.NAMES == sorted(ORDERINGS)


# --- doctored copies -----------------------------------------------------------------------------


def other_hash(held):
    held["hash"] = held["hash"][::-1]


def number_edited(held):
    held["numbers"]["rules"]["PPO"]["learning curves"][3][5] += 1


def beginning_edited(held):
    held["beginning"]["TRPO"][1] *= 1 + 2e-6


def beginning_left_out(held):
    del held["beginning"]["TRPO"]


def rules_exchanged(held):
    rules = held["numbers"]["rules"]
    rules["PPO"], rules["policy gradient"] = rules["policy gradient"], rules["PPO"]


def host_named(held):
    held["machine"]["host"] = "laptop"


def setting_edited(held):
    held["settings"]["rules"]["TRPO"]["radius"] = 0.3


@pytest.mark.parametrize(
    ("question", "doctor"),
    [
        (stale, other_hash),
        (stale, number_edited),
        (stale, beginning_edited),
        (begins_otherwise, beginning_edited),
        (begins_otherwise, beginning_left_out),
        (disordered, rules_exchanged),
        (malformed, host_named),
        (settings_differ, setting_edited),
    ],
)
def test_a_doctored_result_is_noticed(question, doctor, monkeypatch):
    sound = _files.read("trpo_cartpole")
    monkeypatch.setattr(_files.script("trpo_cartpole"), "beginning", lambda: sound["beginning"])
    assert not question("trpo_cartpole", sound)
    held = copy.deepcopy(sound)
    doctor(held)
    assert question("trpo_cartpole", held)


# --- the hash ------------------------------------------------------------------------------------

SOURCE = '''"""A module."""
# A comment.
X = "# no comment"  # but this is one


def f(x):  # f
    """What it does,

    in lines.
    """

    text = """of several

    lines"""
    return f"{x!r:>{3}} # {'nested'}" + text


class A:
    """Only a docstring."""
'''
ESSENCE = '''X = "# no comment"
def f(x):
    text = """of several
    lines"""
    return f"{x!r:>{3}} # {'nested'}" + text
class A:'''


def test_comments_docstrings_and_blank_lines_do_not_count():
    assert _sources.essence(SOURCE) == ESSENCE
    assert _sources.essence(SOURCE.replace("{3}", "{4}")) != ESSENCE


def test_the_modules_behind_a_result_are_those_that_it_uses():
    used = set(_sources.used("book.results.trpo_large_radius"))
    assert {
        *("book.results.trpo_large_radius", "book.results._cartpole", "ngbook.environments"),
        *("ngbook.policies.softmax", "ngbook.policy_gradient.rules", "ngbook.policy_gradient.training"),
        *("ngbook.solve.conjugate", "ngbook.solve.metric", "ngbook._check.arrays"),
    } <= used
    assert not used & {
        "ngbook.checks",
        "ngbook.plots",
        "ngbook.symbolic",
        "ngbook.descent",
        "ngbook.solve.dual",
    }


@pytest.mark.parametrize(
    ("module", "old", "new", "is_stale"),
    [
        ("ngbook.policy_gradient.rules", "2 * radius", "3 * radius", True),
        ("ngbook.networks.layers", "A layer is one matrix", "A layer has one matrix", False),
        ("book.results.trpo_cartpole", '"seeds": 10', '"seeds": 11', True),
    ],
)
def test_a_change_of_a_function_makes_a_result_stale(module, old, new, is_stale, monkeypatch):
    sources = _sources.used("book.results.trpo_cartpole")
    assert old in sources[module]
    changed = sources | {module: sources[module].replace(old, new)}
    monkeypatch.setattr(_sources, "used", lambda name: changed)
    assert bool(stale("trpo_cartpole", _files.read("trpo_cartpole"))) == is_stale


# --- the command ---------------------------------------------------------------------------------


def test_only_what_is_not_current_or_is_named_is_computed(monkeypatch, capsys):
    computed = []
    monkeypatch.setattr(_files, "write", computed.append)
    assert __main__.main([]) == 0 and computed == []
    assert __main__.main(["trpo_pendulum"]) == 0 and computed == ["trpo_pendulum"]
    monkeypatch.setattr(_files, "read", lambda name: None)
    assert __main__.main([]) == 0 and computed[1:] == _files.NAMES
    assert __main__.main(["nowhere"]) == 2 and "nowhere" in capsys.readouterr().err


def test_a_written_file_is_current_and_names_the_machine(monkeypatch, tmp_path):
    script = _files.script("trpo_pendulum")
    monkeypatch.setattr(_files, "FOLDER", tmp_path)
    monkeypatch.setattr(script, "beginning", lambda: {"TRPO": [0.1, 0.2]})
    monkeypatch.setattr(script, "compute", lambda: {"TRPO": [[1, 2], [3, 4]]})
    _files.write("trpo_pendulum")
    held = _files.read("trpo_pendulum")
    assert "[1, 2]" in (tmp_path / "trpo_pendulum.json").read_text(encoding="utf-8")
    assert not stale("trpo_pendulum", held) and not malformed("trpo_pendulum", held)
    assert all(held["machine"].values()) and held["about"].endswith(".")
