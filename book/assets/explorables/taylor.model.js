// A step away from the standard Gaussian: its divergence, the quadratic form of the Fisher matrix, and what is left,
// (eq-taylor-quadratic). In ngbook: families.normal.kl and families.normal.fisher.
import { contour } from "./contours.js";

export const inputs = [
  {
    name: "direction",
    label: "direction (0° moves only μ)",
    unit: "°",
    min: -180,
    max: 180,
    step: 5,
    value: -90,
  },
  { name: "length", label: "length h of the step", min: 0.05, max: 0.7, step: 0.05, value: 0.5 },
];

export const handles = [
  {
    role: "natural",
    picture: 0,
    place: (state, { end }) => end,
    moved: ([x, y]) => ({ direction: (Math.atan2(y - 1, x) * 180) / Math.PI, length: Math.hypot(x, y - 1) }),
  },
];

// From a thousandth, eight a decade. The slope is measured in the chapter's window, up to a tenth.
const SIZES = Array.from({ length: 24 }, (_, k) => 10 ** (-3 + k / 8));
const WINDOW = 17;

/** log(1 + v) − v + v²/2, which begins with v³/3; the formula itself would lose its digits near zero. */
function logarithmWithoutTwoTerms(v) {
  if (Math.abs(v) > 0.2) return Math.log1p(v) - v + (v * v) / 2;
  let sum = 0;
  for (let k = 28; k >= 3; k -= 1) sum = v * sum + (k % 2 ? 1 : -1) / k;
  return sum * v ** 3;
}

/** The Fisher matrix is diag(1, 2). */
const quadratic = (u, w) => (u * u) / 2 + w * w;

/** Divergence minus quadratic: every term written so that it is of third order, or exactly zero. */
function remainder(u, w) {
  const square = (1 + w) ** 2;
  return logarithmWithoutTwoTerms(w) - (w ** 3 * (4 + 3 * w) + u * u * w * (2 + w)) / (2 * square);
}

const divergence = (u, w) => quadratic(u, w) + remainder(u, w);

/** Cosine and sine of degrees; exactly zero where they should be. */
function unit(degrees) {
  const angle = (degrees * Math.PI) / 180;
  return [Math.abs(degrees) === 90 ? 0 : Math.cos(angle), degrees % 180 === 0 ? 0 : Math.sin(angle)];
}

/** The slope of the straight line through points of logarithms, by least squares. */
function slopeOf(x, y) {
  const [a, b] = [x, y].map((values) => values.map(Math.log));
  const mean = a.reduce((total, value) => total + value, 0) / a.length;
  const dot = (values) => values.reduce((total, value, k) => total + (a[k] - mean) * value, 0);
  return dot(b) / dot(a);
}

/** The steps that truly change the distribution by this much, around a grid that just holds them. */
function level(radius) {
  const half = 1.05 * Math.sqrt(Math.exp(2 * radius) - 1); // the widest place is at σ = exp(radius)
  const [low, high] = [-1.05 * Math.sqrt(radius), 2.2 * Math.sqrt(radius)];
  const spread = (from, to) => Array.from({ length: 42 }, (_, k) => from + (k * (to - from)) / 41);
  return contour(divergence, spread(-half, half), spread(low, high), radius);
}

function ellipse(radius, count = 120) {
  return Array.from({ length: count + 1 }, (_, k) => {
    const angle = (2 * Math.PI * k) / count;
    return [Math.sqrt(2 * radius) * Math.cos(angle), Math.sqrt(radius) * Math.sin(angle)];
  });
}

export function evaluate({ direction, length }) {
  const [across, up] = unit(direction);
  const at = (size) => [size * across, size * up];
  const along = (f) => SIZES.map((size) => f(...at(size)));
  const remainders = along(remainder);
  const step = at(length);
  const fromOrigin = ([u, w]) => [u, 1 + w];
  return {
    end: fromOrigin(step),
    quadratic: quadratic(...step),
    divergence: divergence(...step),
    remainder: remainder(...step),
    slope: up === 0 ? null : slopeOf(SIZES.slice(0, WINDOW), remainders.slice(0, WINDOW).map(Math.abs)),
    curves: { sizes: SIZES, quadratics: along(quadratic), divergences: along(divergence), remainders },
    level: level(quadratic(...step)).map((line) => line.map(fromOrigin)),
    ellipse: ellipse(quadratic(...step)).map(fromOrigin),
  };
}
