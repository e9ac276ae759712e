// The valley h = θ₁²/2 + exp(θ₂) − θ₂, (eq-trust-regions-valley), its linear model, and the model's best point on
// a circle, (eq-trust-regions-step). In ngbook: descent.trust_region_step and descent.exact_line_search.

export const inputs = [
  { name: "first", label: "start: first parameter θ₁", min: 0.5, max: 4, step: 0.25, value: 2 },
  { name: "second", label: "start: second parameter θ₂", min: -2, max: 2, step: 0.25, value: 1 },
  { name: "radius", label: "radius δ", min: 0.1, max: 2.5, step: 0.1, value: 1 },
];

export const handles = [
  {
    role: "gradient",
    picture: 0,
    place: ({ first, second }) => [first, second],
    moved: ([first, second]) => ({ first, second }),
  },
  {
    role: "third",
    picture: 0,
    place: (state, { end }) => end,
    moved: ([x, y], { first, second }) => ({ radius: Math.hypot(x - first, y - second) }),
  },
  {
    role: "fourth",
    picture: 1,
    way: "sideways",
    place: ({ radius }, { promised }) => [radius, promised],
    moved: ([radius]) => ({ radius }),
  },
];

export const FARTHEST = 2.5; // the largest radius, and the end of the walk
const LEVELS = [1.25, 2, 3, 4.5, 6.5, 9, 12, 16, 21, 27, 34];

const value = ([first, second]) => first ** 2 / 2 + Math.exp(second) - second;
const gradientAt = ([first, second]) => [first, Math.expm1(second)];
const dot = (a, b) => a[0] * b[0] + a[1] * b[1];
const onwards = (point, direction, length) => point.map((entry, i) => entry + length * direction[i]);

/** Where an increasing function of a length, negative at zero, becomes zero. */
function zeroOf(increasing) {
  let [low, high] = [0, 1];
  while (increasing(high) < 0) [low, high] = [high, 2 * high];
  for (let k = 0; k < 60; k += 1) {
    const middle = (low + high) / 2;
    if (increasing(middle) < 0) low = middle;
    else high = middle;
  }
  return high;
}

/** The points of this value, ray by ray from the lowest point, from which the valley rises everywhere. */
function levelLine(level, count = 90) {
  return Array.from({ length: count + 1 }, (_, k) => {
    const ray = [Math.cos((2 * Math.PI * k) / count), Math.sin((2 * Math.PI * k) / count)];
    return onwards([0, 0], ray, zeroOf((length) => value(onwards([0, 0], ray, length)) - level));
  });
}
const levels = LEVELS.map((level) => levelLine(level));

export function evaluate({ first, second, radius }) {
  const start = [first, second];
  const gradient = gradientAt(start);
  const steepness = Math.hypot(...gradient);
  const downhill = gradient.map((entry) => -entry / steepness);
  const promise = (length) => length * steepness;
  const delivery = (length) => value(start) - value(onwards(start, downhill, length));
  const lowest = zeroOf((length) => dot(gradientAt(onwards(start, downhill, length)), downhill));
  const walk = Array.from({ length: 51 }, (_, k) => (FARTHEST * k) / 50);
  const angles = Array.from({ length: 121 }, (_, k) => (2 * Math.PI * k) / 120);
  return {
    start,
    gradient,
    end: onwards(start, downhill, radius),
    promised: promise(radius),
    delivered: delivery(radius),
    ratio: delivery(radius) / promise(radius),
    lowest,
    best: delivery(lowest),
    promises: walk.map((length) => [length, promise(length)]),
    deliveries: walk.map((length) => [length, delivery(length)]),
    circle: angles.map((angle) => onwards(start, [Math.cos(angle), Math.sin(angle)], radius)),
    level: levelLine(value(start)),
    levels,
  };
}
