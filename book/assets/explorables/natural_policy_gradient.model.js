// The line walk without noise: the exact policy gradient over the exact standard deviation of the return, with and
// without the inverse Fisher matrix, (eq-natural-policy-gradient-line-walk). In ngbook:
// environments.line_walk_gradient, line_walk_return_variance, line_walk_objective and families.normal.fisher.

export const inputs = [
  { name: "horizon", label: "horizon H: actions in an episode", min: 1, max: 30, step: 1, value: 10 },
  { name: "stepSize", label: "step size α", min: 0.005, max: 0.4, step: 0.005, value: 0.075 },
  { name: "spread", label: "σ at the start", min: 0.5, max: 20, step: 0.5, value: 14 },
];

const MEAN = 10; // μ at the start
export const handles = [
  {
    picture: 1,
    way: "upright",
    place: ({ spread }) => [MEAN, spread],
    moved: ([, spread]) => ({ spread }),
  },
];

export const UPDATES = 200;
const SHARE = 0.01; // of the loss at the start: arrived
const NOTHING = 1e-6; // of it: there is no more to learn, and rounding would soon divide zero by zero
const FAR = 1e6; // as a mean: a run that gets here will not come back

/** The coefficients of J = −(Aμ² + Bσ²) and of the variance 2Tσ⁴ + 4Rμ²σ² of the return. */
function lineWalk(n) {
  return {
    A: (n * (2 * n * n - 3 * n + 7)) / 6,
    B: (n * (n + 1)) / 2,
    T: (n * (n ** 3 - 2 * n * n + 8 * n - 1)) / 6,
    R: (n * (4 * n ** 4 - 10 * n ** 3 + 30 * n * n - 35 * n + 41)) / 30,
  };
}

function follow({ A, B, T, R }, stepSize, start, natural) {
  let [mu, sigma] = start;
  const means = [mu];
  const deviations = [sigma];
  const objective = [-(A * mu * mu + B * sigma * sigma)];
  let end = null;
  for (let update = 1; update <= UPDATES && objective.at(-1) < NOTHING * objective[0]; update += 1) {
    const deviation = Math.sqrt((2 * T * sigma * sigma + 4 * R * mu * mu) * sigma * sigma);
    let slope = [(-2 * A * mu) / deviation, (-2 * B * sigma) / deviation];
    if (natural) slope = [slope[0] * sigma * sigma, (slope[1] * sigma * sigma) / 2];
    mu += stepSize * slope[0];
    sigma += stepSize * slope[1];
    if (!(sigma > 0) || Math.abs(mu) > FAR) {
      end = { update, because: sigma > 0 ? "far" : "space" };
      break;
    }
    means.push(mu);
    deviations.push(sigma);
    objective.push(-(A * mu * mu + B * sigma * sigma));
  }
  const arrived = objective.findIndex((value) => value >= SHARE * objective[0]);
  return { means, deviations, objective, end, arrived: arrived < 0 ? null : arrived };
}

export function evaluate({ horizon, stepSize, spread }) {
  const task = lineWalk(horizon);
  const start = [MEAN, spread];
  return {
    plain: follow(task, stepSize, start, false),
    natural: follow(task, stepSize, start, true),
  };
}
