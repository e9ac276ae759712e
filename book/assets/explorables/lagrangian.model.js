// Steepest descent in any metric: the best step on the ellipse of a metric G, (eq-lagrangian-step).
// In ngbook: descent.trust_region_step and descent.metric_length.

export const inputs = [
  { name: "stretch", label: "stretch: long axis over short axis", min: 1, max: 6, step: 0.01, value: 5.83 },
  { name: "turn", label: "turn of the long axis", unit: "°", min: -90, max: 90, step: 2.5, value: 22.5 },
  { name: "slope", label: "direction of the gradient", unit: "°", min: -180, max: 180, step: 2.5, value: -45 },
  { name: "radius", label: "budget ε", min: 0.1, max: 1.5, step: 0.1, value: 1 },
];

const radians = (degrees) => (degrees * Math.PI) / 180;
const dot = (a, b) => a[0] * b[0] + a[1] * b[1];
const times = (a, v) => v.map((entry) => a * entry);

/** A step of this length in a direction in degrees, and back again. */
const polar = (length, degrees) => [length * Math.cos(radians(degrees)), length * Math.sin(radians(degrees))];
const degreesOf = ([x, y]) => (Math.atan2(y, x) * 180) / Math.PI;

/** One end of the long axis. Both ends mean the same ellipse, so an axis can be turned all the way round. */
const longEnd = (side) => ({
  picture: 0,
  place: ({ stretch, turn, radius }) => polar(side * Math.sqrt(2 * radius * stretch), turn),
  moved: ([x, y], { radius }) => {
    const right = x < 0 ? -1 : 1; // the end whose direction is between −90° and 90°
    return { stretch: (x * x + y * y) / (2 * radius), turn: degreesOf([right * x, right * y]) };
  },
});

export const handles = [
  longEnd(1),
  longEnd(-1),
  {
    role: "gradient",
    picture: 0,
    place: (state, { plain }) => plain,
    moved: ([x, y]) => ({ slope: degreesOf([-x, -y]) }),
  },
];

/** The metric of determinant one whose unit circle has this ratio of its axes, the long one turned. */
function metricOf(stretch, turn) {
  const [c, s] = [Math.cos(turn), Math.sin(turn)];
  const along = 1 / stretch; // a step in the long direction is cheap
  const across = stretch;
  const mixed = (along - across) * c * s;
  return [
    [along * c * c + across * s * s, mixed],
    [mixed, along * s * s + across * c * c],
  ];
}

function solve([[a, b], [c, d]], [x, y]) {
  const determinant = a * d - b * c;
  return [(d * x - b * y) / determinant, (a * y - c * x) / determinant];
}

/** `count` + 1 points of the ellipse d · Gd / 2 = radius. */
function ellipseOf(stretch, turn, radius, count = 120) {
  const [c, s] = [Math.cos(turn), Math.sin(turn)];
  return Array.from({ length: count + 1 }, (_, k) => {
    const angle = (2 * Math.PI * k) / count;
    const along = Math.sqrt(2 * radius * stretch) * Math.cos(angle);
    const across = Math.sqrt((2 * radius) / stretch) * Math.sin(angle);
    return [c * along - s * across, s * along + c * across];
  });
}

export function evaluate({ stretch, turn, slope, radius }) {
  const metric = metricOf(stretch, radians(turn));
  const length = Math.sqrt(8); // of the chapter's gradient, (2, −2)
  const gradient = polar(length, slope);
  const natural = solve(metric, gradient);
  const beta = Math.sqrt((2 * radius) / dot(gradient, natural));
  const best = times(-beta, natural);
  // Minus the gradient, shortened or lengthened until it ends on the ellipse.
  const stretched = metric.map((row) => dot(row, gradient));
  const plain = times(-Math.sqrt((2 * radius) / dot(gradient, stretched)), gradient);
  const cosine = dot(gradient, natural) / (length * Math.hypot(...natural));
  return {
    metric,
    gradient,
    natural,
    beta,
    best,
    plain,
    gain: dot(gradient, best),
    plainGain: dot(gradient, plain),
    between: (Math.acos(Math.min(1, cosine)) * 180) / Math.PI,
    ellipse: ellipseOf(stretch, radians(turn), radius),
  };
}
