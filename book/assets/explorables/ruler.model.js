// Two rulers at one Gaussian: steps of the length √(2ε) in the Fisher and in the Wasserstein metric, (eq-wasserstein-location-scale).
// In ngbook: families.normal.kl, families.normal.fisher, transport.gaussian_distance and descent.metric_length.
import { normal } from "./normal.js";

export const inputs = [
  { name: "width", label: "standard deviation σ", min: 0.05, max: 2, step: 0.05, value: 0.5 },
  { name: "radius", label: "budget ε", min: 0.005, max: 0.1, step: 0.005, value: 0.08 },
];

export const handles = [
  {
    picture: 0,
    place: ({ width }) => [0, width],
    moved: ([, y]) => ({ width: y }),
  },
  {
    role: "gradient",
    picture: 0,
    way: "sideways",
    place: ({ width, radius }) => [Math.sqrt(2 * radius), width],
    moved: ([x]) => ({ radius: (x * x) / 2 }),
  },
];

const density = (x, [mean, width]) =>
  Math.exp(-(((x - mean) / width) ** 2) / 2) / (width * Math.sqrt(2 * Math.PI));

const curveOf = (gaussian, [from, to], count = 240) =>
  Array.from({ length: count + 1 }, (_, k) => from + ((to - from) * k) / count).map((x) => [x, density(x, gaussian)]);

/** Around (0, width), with these half axes. */
const aroundOf = (width, across, up, count = 96) =>
  Array.from({ length: count + 1 }, (_, k) => (2 * Math.PI * k) / count).map((t) => [
    across * Math.cos(t),
    width + up * Math.sin(t),
  ]);

export function evaluate({ width, radius }) {
  const length = Math.sqrt(2 * radius);
  const old = [0, width];
  const steps = { natural: width * length, gradient: length }; // of the mean: Fisher's, and Wasserstein's
  const range = [-3.5 * width, length * Math.max(1, width) + 3.5 * width];
  const seen = (step) => ({
    step,
    divergence: normal.kl(old, [step, width]),
    transport: (step * step) / 2,
    curve: curveOf([step, width], range),
  });
  return {
    natural: seen(steps.natural),
    gradient: seen(steps.gradient),
    curve: curveOf(old, range),
    range,
    ellipse: aroundOf(width, width * length, (width * length) / Math.SQRT2),
    ball: aroundOf(width, length, length),
    below: length > width,
  };
}
