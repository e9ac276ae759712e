// Fourteen families: densities, Fisher matrices, and what lies on the boundary d · Fd / 2 = ε around a parameter.

import { bernoulli, bernoulliLogit, beta, exponential, gamma, gammaMean, geometric, gumbel } from "./families.js";
import { laplace, logistic, normalLogSigma, poisson, weibull } from "./families.js";
import { normal } from "./normal.js";

// --- what can be moved, and where it is drawn ------------------------------------------------------

/** A parameter: where its slider goes, which part of its axis is drawn, and between which bounds it lies. */
function parameter(symbol, words, [min, max, step, value], drawn, bounds = [-Infinity, Infinity]) {
  return { symbol, words, min, max, step, value, drawn, bounds };
}
const located = (symbol, words) => parameter(symbol, words, [-3, 3, 0.1, 0], [-4.5, 4.5]);
const positive = (symbol, words, max, value) =>
  parameter(symbol, words, [max / 20, max, max / 40, value], [0, 1.4 * max], [0, Infinity]);
const probability = parameter("p", "probability", [0.02, 0.98, 0.02, 0.3], [0, 1], [0, 1]);

/** Makes entries of the catalogue that are drawn over these outcomes, and up to this density if it does. */
const on =
  (outcomes, top, whole = false) =>
  (family, words, ...parameters) => ({ family, words, parameters, outcomes, top, whole });
const onLine = on([-6, 6], 0.5);
const onHalfLine = on([0, 12], 0.5);
const onTwo = on([0, 1], 1, true);

/** The names are those of ngbook, where there is one. */
const CATALOGUE = {
  gamma: onHalfLine(gamma, "Gamma: shape and rate", positive("a", "shape", 8, 3.6), positive("b", "rate", 4, 1.2)),
  gamma_mean: onHalfLine(
    gammaMean,
    "Gamma: shape and mean",
    positive("a", "shape", 8, 3.6),
    positive("m", "mean", 8, 3),
  ),
  normal: onLine(normal, "Normal: μ and σ", located("μ", "mean"), positive("σ", "standard deviation", 4, 1)),
  normal_log_sigma: onLine(
    normalLogSigma,
    "Normal: μ and log σ",
    located("μ", "mean"),
    parameter("ℓ", "log scale", [-1.4, 1.4, 0.1, 0], [-2.2, 2.2]),
  ),
  beta: on([0, 1], 2.5)(
    beta,
    "Beta",
    positive("a", "first shape", 8, 2.4),
    positive("b", "second shape", 8, 4),
  ),
  weibull: onHalfLine(weibull, "Weibull", positive("k", "shape", 6, 2.1), positive("λ", "scale", 8, 4)),
  gumbel: onLine(gumbel, "Gumbel", located("μ", "location"), positive("b", "scale", 4, 1)),
  laplace: onLine(laplace, "Laplace", located("μ", "location"), positive("b", "scale", 4, 1)),
  logistic: onLine(logistic, "Logistic", located("μ", "location"), positive("s", "scale", 4, 1)),
  exponential: on([0, 6], 1.25)(exponential, "Exponential", positive("λ", "rate", 4, 1)),
  bernoulli: onTwo(bernoulli, "Bernoulli: probability", probability),
  bernoulli_logit: onTwo(
    bernoulliLogit,
    "Bernoulli: log-odds",
    parameter("η", "log-odds", [-4, 4, 0.1, -0.8], [-5, 5]),
  ),
  geometric: on([1, 15], 0.5, true)(geometric, "Geometric", probability),
  poisson: on([0, 18], 0.25, true)(poisson, "Poisson", positive("λ", "rate", 10, 4)),
};

const nameOf = (family, { symbol }) => `${family}-${symbol}`;
const sliders = Object.entries(CATALOGUE).flatMap(([family, { parameters }]) =>
  parameters.map(({ symbol, words, min, max, step, value }) => {
    const only = { family };
    return { name: nameOf(family, { symbol }), only, label: `${words} ${symbol}`, min, max, step, value };
  }),
);

export const inputs = [
  {
    name: "family",
    label: "family of distributions",
    options: Object.entries(CATALOGUE).map(([family, { words }]) => [family, words]),
    value: "gamma",
  },
  ...sliders,
  { name: "radius", label: "radius ε", unit: " nats", min: 0.01, max: 0.1, step: 0.01, value: 0.03 },
];

/** The point of the second picture; one parameter moves along its axis, at the height of its information. */
export const handles = [
  {
    role: "natural",
    picture: 1,
    place: (state, { theta, fisher }) => (theta.length === 1 ? [theta[0], fisher[0][0]] : theta),
    moved: (point, { family }) =>
      Object.fromEntries(CATALOGUE[family].parameters.map((each, k) => [nameOf(family, each), point[k]])),
  },
];

// --- the numbers ---------------------------------------------------------------------------------

const RIM = 96; // pieces of an ellipse
const along = (from, to, count) => Array.from({ length: count + 1 }, (_, k) => from + ((to - from) * k) / count);

/** What can be seen of the outcomes: each of them, or a fine grid of an open interval. */
function outcomesOf({ outcomes: [from, to], whole }) {
  return whole ? along(from, to, to - from) : along(from, to, 120).slice(1, -1);
}

/** The points centre + d with d · Fd / 2 = radius: both ends of an interval, or an ellipse. */
function rimOf(centre, fisher, radius, count = RIM) {
  const reach = Math.sqrt(2 * radius);
  const first = Math.sqrt(fisher[0][0]); // of the triangular factor L of F = LLᵀ; d solves Lᵀd = reach · (c, s)
  if (centre.length === 1) return [[centre[0] - reach / first], [centre[0] + reach / first]];
  const mixed = fisher[0][1] / first;
  const second = Math.sqrt(fisher[1][1] - mixed * mixed);
  return along(0, 2 * Math.PI, count).map((angle) => {
    const step = (reach * Math.sin(angle)) / second;
    return [centre[0] + (reach * Math.cos(angle) - mixed * step) / first, centre[1] + step];
  });
}

/** How far each parameter reaches on the boundary: alone, and when the other one may follow. */
function reachesOf(fisher, radius) {
  const alone = fisher.map((row, k) => Math.sqrt((2 * radius) / row[k]));
  if (alone.length === 1) return { alone, together: alone };
  const determinant = fisher[0][0] * fisher[1][1] - fisher[0][1] ** 2;
  const together = [fisher[1][1], fisher[0][0]].map((entry) => Math.sqrt((2 * radius * entry) / determinant));
  return { alone, together };
}

/** The same rule elsewhere: the information along the axis, or nine ellipses. */
function elsewhere({ family, parameters }, radius) {
  const [first, second] = parameters.map(({ min, max }) => [min, max]);
  if (!second) return { information: along(...first, 60).map((value) => [value, family.fisher([value])[0][0]]) };
  const at = ([min, max]) => [0.15, 0.5, 0.85].map((share) => min + share * (max - min));
  const centres = at(first).flatMap((a) => at(second).map((b) => [a, b]));
  return { ellipses: centres.map((centre) => rimOf(centre, family.fisher(centre), radius, 36)) };
}

export function evaluate({ family: name, radius, ...places }) {
  const entry = CATALOGUE[name];
  const { family, parameters } = entry;
  const theta = parameters.map((parameter) => places[nameOf(name, parameter)]);
  const fisher = family.fisher(theta);
  const rim = rimOf(theta, fisher, radius);
  const exists = (point) =>
    point.every((value, k) => value > parameters[k].bounds[0] && value < parameters[k].bounds[1]);
  // Four points of the ellipse: the first parameter moved alone, the second with the first following it.
  const neighbours = (rim.length === 2 ? rim : [0, 1, 2, 3].map((k) => rim[(k * RIM) / 4])).filter(exists);
  const checked = rim.length === 2 ? neighbours : rim.filter((_, k) => k < RIM && k % (RIM / 12) === 0);
  const outcomes = outcomesOf(entry);
  const logDensities = (point) => outcomes.map((x) => family.logDensity(point, x));
  return {
    theta,
    fisher,
    rim,
    neighbours,
    outcomes,
    logDensity: logDensities(theta),
    neighbourLogDensities: neighbours.map(logDensities),
    divergences: checked.map((point) => family.kl(theta, point)),
    ...reachesOf(fisher, radius),
    ...elsewhere(entry, radius),
    entry,
  };
}
