// One divergence as two gaps: of the log-partition function over η and of its conjugate over m, (eq-two-coordinates-four).
// In ngbook: families.poisson, bernoulli and normal with σ = 1, and their exponential_form.

const { exp, log } = Math;
const logistic = (eta) => 1 / (1 + exp(-eta));
/** m log m, which is 0 at 0. */
const entropic = (m) => (m > 0 ? m * log(m) : 0);

/** `mean` is the slope of the `potential`, `natural` that of its conjugate, `dual`. */
const FAMILIES = {
  poisson: {
    words: "Poisson",
    potential: exp,
    mean: exp,
    dual: (m) => entropic(m) - m,
    natural: log,
    means: [0, 8],
    heights: [[-2, 9], [-5, 8]],
  },
  coin: {
    words: "coin",
    potential: (eta) => Math.max(eta, 0) + Math.log1p(exp(-Math.abs(eta))),
    mean: logistic,
    dual: (m) => entropic(m) + entropic(1 - m),
    natural: (m) => log(m) - Math.log1p(-m),
    means: [0, 1],
    heights: [[-1, 2.5], [-2.2, 0.3]],
  },
  normal: {
    words: "Gaussian of variance 1",
    potential: (eta) => (eta * eta) / 2,
    mean: (eta) => eta,
    dual: (m) => (m * m) / 2,
    natural: (m) => m,
    means: [-2.2, 2.2],
    heights: [[-4, 3], [-4, 3]],
  },
};

const FARTHEST = 2; // of the sliders, to both sides
const DRAWN = 2.2;

export const inputs = [
  {
    name: "family",
    label: "family of distributions",
    options: Object.entries(FAMILIES).map(([name, { words }]) => [name, words]),
    value: "poisson",
  },
  { name: "old", label: "old natural coordinate η", min: -FARTHEST, max: FARTHEST, step: 0.05, value: 0 },
  { name: "now", label: "new natural coordinate η", min: -FARTHEST, max: FARTHEST, step: 0.05, value: 1.5 },
];

/** The nearest natural coordinate of the sliders that has this mean, or would have it. */
function naturalOf(family, m) {
  const { mean, natural } = FAMILIES[family];
  if (m <= mean(-FARTHEST)) return -FARTHEST;
  return m >= mean(FARTHEST) ? FARTHEST : natural(m);
}

export const handles = [
  ...["old", "now"].map((name) => ({
    role: name === "old" ? "gradient" : "natural",
    picture: 0,
    way: "sideways",
    place: (state, numbers) => [state[name], numbers[name].potential],
    moved: ([x]) => ({ [name]: x }),
  })),
  ...["old", "now"].map((name) => ({
    role: name === "old" ? "gradient" : "natural",
    picture: 1,
    way: "sideways",
    place: (state, numbers) => [numbers[name].mean, numbers[name].dual],
    moved: ([x], { family }) => ({ [name]: naturalOf(family, x) }),
  })),
];

const along = (from, to, count = 120) => Array.from({ length: count + 1 }, (_, k) => from + ((to - from) * k) / count);

/** B(now, old) = potential(now) − potential(old) − mean(old) (now − old), each difference taken first. */
const divergenceOf = ({ potential, mean }, old, now) =>
  potential(now) - potential(old) - mean(old) * (now - old);

export function evaluate({ family: name, old, now }) {
  const family = FAMILIES[name];
  const { potential, mean, dual } = family;
  const at = (eta) => ({ natural: eta, mean: mean(eta), potential: potential(eta), dual: dual(mean(eta)) });
  const [before, after] = [at(old), at(now)];
  const tangent = (eta) => before.potential + before.mean * (eta - old);
  const dualTangent = (m) => after.dual + now * (m - after.mean);
  const [etas, means] = [along(-DRAWN, DRAWN), along(...family.means)];
  return {
    old: before,
    now: after,
    divergence: divergenceOf(family, old, now),
    other: divergenceOf(family, now, old),
    foot: tangent(now),
    dualFoot: dualTangent(before.mean),
    curve: etas.map((eta) => [eta, potential(eta)]),
    tangent: [-DRAWN, DRAWN].map((eta) => [eta, tangent(eta)]),
    dualCurve: means.map((m) => [m, dual(m)]),
    dualTangent: family.means.map((m) => [m, dualTangent(m)]),
    means: family.means,
    heights: family.heights,
    words: family.words,
  };
}
