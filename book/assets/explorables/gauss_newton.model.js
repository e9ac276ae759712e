// One network with one parameter, m = θ⁴, one Poisson count, and the Gauss–Newton matrix of the cut at z = θ^c:
// (eq-gauss-newton-cuts), at θ = 1. In ngbook: families.poisson.fisher, and solve.dense_solve for the steps.

export const inputs = [
  { name: "cut", label: "cut c, at z = θ to the power c", min: 0, max: 6, step: 0.1, value: 2 },
  { name: "count", label: "count y (the mean is 1)", min: 0, max: 6, step: 0.05, value: 3 },
];

const FISHER = 16;

export const handles = [
  {
    role: "natural",
    picture: 1,
    way: "sideways",
    place: ({ count }) => [count, FISHER],
    moved: ([count]) => ({ count }),
  },
];

const POINTS = Array.from({ length: 106 }, (_, k) => 0.1 + k / 50);
const COUNTS = [0, 6];

const loss = (theta, count) => theta ** 4 - (count === 0 ? 0 : 4 * count * Math.log(theta));
const curvature = (cut, count) => FISHER + 4 * cut * (count - 1);

export function evaluate({ cut, count }) {
  const slope = 4 * (1 - count);
  const models = { cut: curvature(cut, count), fisher: FISHER, hessian: curvature(1, count) };
  const lowest = (bend) => (bend > 1e-9 ? 1 - slope / bend : null); // a grid of sliders meets 0 up to rounding
  const parabola = (bend) => POINTS.map((theta) => [theta, 1 + slope * (theta - 1) + (bend * (theta - 1) ** 2) / 2]);
  const ofAll = (f) => Object.fromEntries(Object.entries(models).map(([name, bend]) => [name, f(bend)]));
  return {
    curvatures: models,
    lowest: ofAll(lowest),
    minimum: count ** 0.25,
    curve: POINTS.map((theta) => [theta, loss(theta, count)]),
    parabolas: ofAll(parabola),
    lines: {
      cut: COUNTS.map((each) => [each, curvature(cut, each)]),
      fisher: COUNTS.map((each) => [each, FISHER]),
      hessian: COUNTS.map((each) => [each, curvature(1, each)]),
    },
  };
}
