// Four straight lines between two Gaussians and their middles, (eq-geodesics-middles).
// In ngbook: geodesics.e_geodesic, m_geodesic, distance, and families.normal.log_prob.
import { normal } from "./normal.js";

const { abs, cosh, hypot, sinh, sqrt } = Math;

export const inputs = [
  { name: "oldMean", label: "mean μ of the first", min: -3, max: 3, step: 0.1, value: -2 },
  { name: "oldWidth", label: "deviation σ of the first", min: 0.2, max: 3, step: 0.1, value: 0.5 },
  { name: "newMean", label: "mean μ of the second", min: -3, max: 3, step: 0.1, value: 2 },
  { name: "newWidth", label: "deviation σ of the second", min: 0.2, max: 3, step: 0.1, value: 1 },
];

export const handles = ["old", "new"].map((end) => ({
  role: "ink",
  picture: 0,
  place: (state) => [state[`${end}Mean`], state[`${end}Width`]],
  moved: ([x, y]) => ({ [`${end}Mean`]: x, [`${end}Width`]: y }),
}));

export const REACH = 8; // of the densities, to the left and to the right
const SHARES = Array.from({ length: 81 }, (_, k) => k / 80);
const FINER = Array.from({ length: 641 }, (_, k) => k / 640); // of a line, for its length

/** √2 arccosh(1 + q), by a formula that does not round 1 + q when q is small. */
function distanceOf([m0, s0], [m1, s1]) {
  const q = ((m1 - m0) ** 2 / 2 + (s1 - s0) ** 2) / (2 * s0 * s1);
  return 2 * Math.SQRT2 * Math.asinh(sqrt(q / 2));
}

/** A point of the shortest line: on a semicircle, (eq-geodesics-semicircle), or on an upright line. */
function shortest([m0, s0], [m1, s1]) {
  if (m0 === m1) return (t) => [m0, s0 ** (1 - t) * s1 ** t];
  const centre = (m0 + m1) / 2 + (s1 * s1 - s0 * s0) / (m1 - m0);
  const radius = hypot((m0 - centre) / Math.SQRT2, s0);
  const tau = (m, s) => Math.asinh((m - centre) / (Math.SQRT2 * s));
  const [from, to] = [tau(m0, s0), tau(m1, s1)];
  // Both by differences from the start, so that a centre that is far away costs no digits.
  return (t) => {
    const now = from + t * (to - from);
    const moved = (Math.SQRT2 * radius * sinh(now - from)) / (cosh(now) * cosh(from));
    return [m0 + moved, radius / cosh(now)];
  };
}

const mix = (t, a, b) => (1 - t) * a + t * b;

/** Straight in the natural parameters μ/σ² and 1/σ². */
const ofLogs = ([m0, s0], [m1, s1]) => (t) => {
  const precision = mix(t, s0 ** -2, s1 ** -2);
  return [mix(t, m0 / s0 ** 2, m1 / s1 ** 2) / precision, 1 / sqrt(precision)];
};

/** Straight in the means of x and x²: the variance is the mean variance and that of the two means. */
const ofMoments = ([m0, s0], [m1, s1]) => (t) => [
  mix(t, m0, m1),
  sqrt(mix(t, s0 ** 2, s1 ** 2) + t * (1 - t) * (m1 - m0) ** 2),
];

const ofQuantiles = ([m0, s0], [m1, s1]) => (t) => [mix(t, m0, m1), mix(t, s0, s1)];

/** The distances between neighbours on a line, and between every second point; the error is of second order. */
const inscribed = (line) => line.slice(1).reduce((sum, point, k) => sum + distanceOf(line[k], point), 0);
const lengthOf = (line) => (4 * inscribed(line) - inscribed(line.filter((_, k) => k % 2 === 0))) / 3;

const density = (gaussian, x) => Math.exp(normal.logDensity(gaussian, x));
const curveOf = (gaussian) =>
  Array.from({ length: 321 }, (_, k) => REACH * (k / 160 - 1)).map((x) => [x, density(gaussian, x)]);

export function evaluate({ oldMean, oldWidth, newMean, newWidth }) {
  const ends = [
    [oldMean, oldWidth],
    [newMean, newWidth],
  ];
  const kinds = { shortest, logs: ofLogs, moments: ofMoments, quantiles: ofQuantiles };
  const lines = {};
  for (const [name, kind] of Object.entries(kinds)) {
    const point = kind(...ends);
    const line = SHARES.map(point);
    const middle = point(0.5);
    lines[name] = { line, middle, length: lengthOf(FINER.map(point)), curve: curveOf(middle) };
  }
  return {
    ends,
    lines,
    distance: distanceOf(...ends),
    jeffreys: sqrt(normal.kl(ends[0], ends[1]) + normal.kl(ends[1], ends[0])),
    // Beyond this difference of the means the shortest line has the wider middle of the two.
    turning: abs(oldWidth ** 2 - newWidth ** 2) / sqrt(2 * oldWidth * newWidth),
    mixture: Array.from({ length: 321 }, (_, k) => REACH * (k / 160 - 1)).map((x) => [
      x,
      (density(ends[0], x) + density(ends[1], x)) / 2,
    ]),
  };
}
