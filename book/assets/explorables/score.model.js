// Five families of one parameter: the two pulls of the score, (eq-kl-mean-zero), and the divergence of a step beside
// its parabola, (eq-fisher-from-kl). In ngbook: families.<name>.score, fisher and kl, along one parameter.

import { bernoulli, exponential } from "./families.js";
import { normal } from "./normal.js";

const { exp, log, PI } = Math;
const WIDTH = 0.3; // of the Gaussian whose mean moves
const bell = (z) => exp(-(z * z) / 2) / Math.sqrt(2 * PI);

/**
 * Each with `pull(theta, x)`, the score times the density or probability; the sums of the pulls to either side; the mean
 * square of the score; and `kl(old, new)`, null where it is infinite.
 */
const FAMILIES = {
  normal_deviation: {
    words: "Gaussian: standard deviation σ",
    symbol: "σ",
    outcomes: [-2, 2],
    pull: (theta, x) => (((x / theta) ** 2 - 1) * bell(x / theta)) / theta ** 2,
    up: (theta) => (2 * bell(1)) / theta,
    down: (theta) => (2 * bell(1)) / theta,
    information: (theta) => normal.fisher([0, theta])[1][1],
    kl: (old, now) => normal.kl([0, old], [0, now]),
  },
  normal_mean: {
    words: `Gaussian: mean μ, with σ = ${WIDTH}`,
    symbol: "μ",
    outcomes: [-1, 2],
    pull: (theta, x) => (((x - theta) / WIDTH) * bell((x - theta) / WIDTH)) / WIDTH ** 2,
    up: () => bell(0) / WIDTH,
    down: () => bell(0) / WIDTH,
    information: (theta) => normal.fisher([theta, WIDTH])[0][0],
    kl: (old, now) => normal.kl([old, WIDTH], [now, WIDTH]),
  },
  coin: {
    words: "Coin: probability p",
    symbol: "p",
    outcomes: [0, 1],
    whole: true,
    pull: (_, x) => (x ? 1 : -1),
    up: () => 1,
    down: () => 1,
    information: (theta) => bernoulli.fisher([theta])[0][0],
    kl: (old, now) => bernoulli.kl([old], [now]),
  },
  exponential_mean: {
    words: "Exponential: mean m",
    symbol: "m",
    outcomes: [0, 3],
    pull: (theta, x) => ((x / theta - 1) * exp(-x / theta)) / theta ** 2,
    up: (theta) => exp(-1) / theta,
    down: (theta) => exp(-1) / theta,
    information: (theta) => 1 / theta ** 2,
    kl: (old, now) => exponential.kl([1 / old], [1 / now]),
  },
  uniform: {
    words: "Uniform on (0, θ]: its edge θ",
    symbol: "θ",
    outcomes: [0, 1],
    pull: (theta, x) => (x <= theta ? -1 / theta ** 2 : 0),
    up: () => 0,
    down: (theta) => 1 / theta,
    information: (theta) => 1 / theta ** 2, // the mean square of the score: a Fisher matrix there is not
    kl: (old, now) => (now < old ? null : log(now / old)),
  },
};

export const inputs = [
  {
    name: "family",
    label: "family of distributions",
    options: Object.entries(FAMILIES).map(([name, { words }]) => [name, words]),
    value: "normal_deviation",
  },
  { name: "old", label: "old parameter", min: 0.1, max: 0.9, step: 0.01, value: 0.5 },
  { name: "now", label: "new parameter", min: 0.1, max: 0.9, step: 0.01, value: 0.65 },
];

export const TOP = 1; // nats, of the second picture

/** The dots of the second picture: the old parameter on the axis, the new one on the curve or at its upper edge. */
export const handles = [
  { role: "ink", picture: 1, way: "sideways", place: ({ old }) => [old, 0], moved: ([x]) => ({ old: x }) },
  {
    role: "third",
    picture: 1,
    way: "sideways",
    place: ({ now }, { divergence }) => [now, Math.min(divergence ?? TOP, TOP)],
    moved: ([x]) => ({ now: x }),
  },
];

const along = (from, to, count) => Array.from({ length: count + 1 }, (_, k) => from + ((to - from) * k) / count);

export function evaluate({ family: name, old, now }) {
  const family = FAMILIES[name];
  const [from, to] = family.outcomes;
  const outcomes = family.whole ? [from, to] : along(from, to, 200);
  const information = family.information(old);
  const parabola = (value) => ((value - old) ** 2 * information) / 2;
  // From 0.05 to 0.95, and the old parameter itself, where a curve may end.
  const places = [...along(0.05, 0.95, 90).filter((value) => Math.abs(value - old) > 1e-9), old].sort((a, b) => a - b);
  const curve = places.map((value) => [value, family.kl(old, value)]).filter(([, nats]) => nats !== null);
  return {
    outcomes,
    pulls: outcomes.map((x) => family.pull(old, x)),
    up: family.up(old),
    down: family.down(old),
    information,
    divergence: family.kl(old, now),
    quadratic: parabola(now),
    curve,
    parabola: places.map((value) => [value, parabola(value)]),
    symbol: family.symbol,
    whole: Boolean(family.whole),
  };
}
