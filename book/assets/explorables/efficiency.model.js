// Errors of two online estimates in a linear model, exactly: (eq-efficiency-recursion) with steps c / (t + t₀), for the
// natural gradient, and for the plain one with c times each eigenvalue of F (eq-efficiency-plain).

export const inputs = [
  { name: "constant", label: "constant c of the steps", min: 0.1, max: 8, step: 0.1, value: 1 },
  { name: "ratio", label: "largest eigenvalue of F over the smallest", min: 1, max: 20, step: 1, value: 8 },
  { name: "start", label: "distance of the start, in standard deviations", min: 1, max: 20, step: 1, value: 1 },
];

export const handles = [
  {
    picture: 1,
    way: "sideways",
    place: ({ constant }) => [constant, 1],
    moved: ([constant]) => ({ constant }),
  },
];

export const DELAY = 10;
export const LAST = 10000;
const KEPT = Array.from({ length: 61 }, (_, k) => Math.round(10 ** (k / 15))).filter((t, k, all) => t !== all[k - 1]);
const CONSTANTS = Array.from({ length: 80 }, (_, k) => (k + 1) / 10);

/** t times the mean squared error at the numbers of observations that are kept. */
function errors(c, start) {
  let v = start * start;
  const found = [];
  let next = 0;
  for (let t = 1; t <= LAST; t += 1) {
    const step = c / (t + DELAY);
    v = (1 - step) * (1 - step) * v + step * step;
    if (t === KEPT[next]) {
      found.push(t * v);
      next += 1;
    }
  }
  return found;
}

const known = new Map(); // a moved slider asks for the same errors again and again

function remembered(c, start) {
  const key = `${c.toFixed(9)} ${start}`;
  if (!known.has(key)) known.set(key, errors(c, start));
  return known.get(key);
}

function both(c, ratio, start) {
  const natural = remembered(c, start);
  const slow = remembered(c / ratio, start);
  return { natural, plain: natural.map((value, k) => (value + slow[k]) / 2) };
}

function ending(c, ratio, start) {
  const { natural, plain } = both(c, ratio, start);
  return { natural: natural.at(-1), plain: plain.at(-1) };
}

/** The constant on the slider with the smallest error at the end. */
function best(ends, method) {
  const values = ends.map((end) => end[method]);
  return CONSTANTS[values.indexOf(Math.min(...values))];
}

export function evaluate({ constant, ratio, start }) {
  const { natural, plain } = both(constant, ratio, start);
  const ends = CONSTANTS.map((c) => ending(c, ratio, start));
  return {
    times: KEPT,
    constants: CONSTANTS,
    natural,
    plain,
    naturalEnds: ends.map((end) => end.natural),
    plainEnds: ends.map((end) => end.plain),
    bestNatural: best(ends, "natural"),
    bestPlain: best(ends, "plain"),
  };
}
