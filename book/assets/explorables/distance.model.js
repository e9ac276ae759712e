// Two Gaussians and four ways to say how far apart they are, (eq-distance-gaussian-kl) and (eq-distance-no-shorter).
// In ngbook: families.normal.kl, families.normal.fisher and descent.metric_length.
import { normal } from "./normal.js";

export const inputs = [
  { name: "oldMean", label: "mean μ of the old one", min: -3, max: 3, step: 0.1, value: -1 },
  { name: "oldWidth", label: "deviation σ of the old one", min: 0.2, max: 3, step: 0.1, value: 0.5 },
  { name: "newMean", label: "mean μ of the new one", min: -3, max: 3, step: 0.1, value: 1 },
  { name: "newWidth", label: "deviation σ of the new one", min: 0.2, max: 3, step: 0.1, value: 0.5 },
];

/** The dots of one of the two: its peak, its shoulder on the outer side, and its point in the second picture. */
const handlesOf = (role, mean, width, side) => [
  {
    role,
    picture: 0,
    way: "sideways",
    place: (state) => [state[mean], density(state[mean], [state[mean], state[width]])],
    moved: ([x]) => ({ [mean]: x }),
  },
  {
    role,
    picture: 0,
    way: "sideways",
    place: (state) => {
      const shoulder = state[mean] + side * state[width];
      return [shoulder, density(shoulder, [state[mean], state[width]])];
    },
    moved: ([x], state) => ({ [width]: Math.abs(x - state[mean]) }),
  },
  {
    role,
    picture: 1,
    place: (state) => [state[mean], state[width]],
    moved: ([x, y]) => ({ [mean]: x, [width]: y }),
  },
];
export const handles = [
  ...handlesOf("gradient", "oldMean", "oldWidth", -1),
  ...handlesOf("natural", "newMean", "newWidth", 1),
];

export const REACH = 8; // of the densities, to the left and to the right

const density = (x, [mean, width]) =>
  Math.exp(-(((x - mean) / width) ** 2) / 2) / (width * Math.sqrt(2 * Math.PI));

const curveOf = (gaussian) =>
  Array.from({ length: 321 }, (_, k) => (2 * k) / 320 - 1).map((x) => [REACH * x, density(REACH * x, gaussian)]);

/** The length of the straight path, (eq-distance-length) along it: its width changes evenly. */
function straightOf([oldMean, oldWidth], [mean, width]) {
  const length = Math.hypot(mean - oldMean, Math.SQRT2 * (width - oldWidth));
  return width === oldWidth ? length / width : (length * Math.log(width / oldWidth)) / (width - oldWidth);
}

/** The Rao distance √2 arccosh(1 + q), by a formula that does not round 1 + q when q is small. */
function raoOf([oldMean, oldWidth], [mean, width]) {
  const q = ((mean - oldMean) ** 2 + 2 * (width - oldWidth) ** 2) / (4 * width * oldWidth);
  return 2 * Math.SQRT2 * Math.asinh(Math.sqrt(q / 2));
}

/** Points of the shortest path: an arc of μ²/2 + σ² = constant about a centre on the axis, or an upright line. */
function shortestWay([oldMean, oldWidth], [mean, width], count = 80) {
  const shares = Array.from({ length: count + 1 }, (_, k) => k / count);
  if (mean === oldMean) return shares.map((share) => [mean, oldWidth + share * (width - oldWidth)]);
  const centre = (mean + oldMean) / 2 + (width ** 2 - oldWidth ** 2) / (mean - oldMean);
  const radius = Math.hypot((mean - centre) / Math.SQRT2, width);
  const angle = (m, s) => Math.atan2(s, (m - centre) / Math.SQRT2);
  const [from, to] = [angle(oldMean, oldWidth), angle(mean, width)];
  return shares.map((share) => {
    const turned = from + share * (to - from);
    return [centre + Math.SQRT2 * radius * Math.cos(turned), radius * Math.sin(turned)];
  });
}

/** The probability that a Gaussian stays below `z` standard deviations, by a series without cancellation. */
function below(z) {
  if (Math.abs(z) > 8) return z > 0 ? 1 : 0;
  let [term, sum] = [z, z];
  for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum); k += 2) {
    term *= (z * z) / k;
    sum += term;
  }
  return 0.5 + sum * density(z, [0, 1]);
}

/** The area that both densities cover: one minus what the narrow one has more, between their crossings. */
function overlapOf(first, second) {
  const [[m, s], [wideMean, wide]] = first[1] <= second[1] ? [first, second] : [second, first];
  const shift = wideMean - m;
  if (s === wide) return 2 * below(-Math.abs(shift) / (2 * s));
  // The crossings solve (1/s² − 1/w²) y² + 2 y shift / w² = (shift/w)² + 2 log(w/s), where y = x − m.
  const a = 1 / s ** 2 - 1 / wide ** 2;
  const b = shift / wide ** 2;
  const root = Math.sqrt(b * b + a * ((shift / wide) ** 2 + 2 * Math.log(wide / s)));
  const [low, high] = [(-b - root) / a, (-b + root) / a];
  const between = (mean, width) => below((high - mean) / width) - below((low - mean) / width);
  return 1 - between(0, s) + between(shift, wide);
}

/** Ellipses of points at the same small distance from their centres: the ruler at nine places. */
function rulersOf(length, count = 40) {
  const angles = Array.from({ length: count + 1 }, (_, k) => (2 * Math.PI * k) / count);
  const around = (m, s) =>
    angles.map((t) => [m + length * s * Math.cos(t), s + (length * s * Math.sin(t)) / Math.SQRT2]);
  return [-2.2, 0, 2.2].flatMap((m) => [0.6, 1.6, 2.9].map((s) => around(m, s)));
}
export const RULER = 0.25; // the length of the ruler's steps
const rulers = rulersOf(RULER);

export function evaluate({ oldMean, oldWidth, newMean, newWidth }) {
  const [before, after] = [
    [oldMean, oldWidth],
    [newMean, newWidth],
  ];
  return {
    curves: [curveOf(before), curveOf(after)],
    overlap: overlapOf(before, after),
    parameters: Math.hypot(newMean - oldMean, newWidth - oldWidth),
    rao: raoOf(before, after),
    straight: straightOf(before, after),
    forth: normal.kl(before, after),
    back: normal.kl(after, before),
    way: shortestWay(before, after),
    rulers,
  };
}
