// A Gaussian fitted to the chapter's thousand numbers: plain steps (eq-maximum-likelihood-gradient) and natural ones
// (eq-maximum-likelihood-natural), at one step size. In ngbook: descent.gradient_descent,
// descent.natural_gradient_descent, families.normal.score and families.normal.fisher.
import { contour } from "./contours.js";
import { normal } from "./normal.js";

export const inputs = [
  { name: "mean", label: "μ at the start", min: -4, max: 24, step: 1, value: 0 },
  { name: "deviation", label: "σ at the start", min: 0.5, max: 16, step: 0.5, value: 1 },
  { name: "rate", label: "rate αN (α is the step size)", min: 0.02, max: 2.4, step: 0.02, value: 0.1 },
];

export const handles = ["gradient", "natural"].map((role, picture) => ({
  role,
  picture,
  place: ({ mean, deviation }) => [mean, deviation],
  moved: ([mean, deviation]) => ({ mean, deviation }),
}));

// All that the steps need to know of the data is their mean and their standard deviation (divided by N).
export const ESTIMATE = [11.910363757428678, 4.051309939360366];
export const STEPS = 4000;
const FAR = 1e6; // as a mean: a run that gets here will not come back
const LEVELS = [0.03, 0.1, 0.3, 1, 3, 10]; // of the contours, as printed
const LONGEST = 5; // arrow, in units of the axes, as in the figure of the two fields

/** Mean negative log-likelihood above its minimum, which is the divergence from the estimate. */
const excess = (mean, deviation) => normal.kl(ESTIMATE, [mean, deviation]);

/** Minus the gradient of the mean loss, or minus the natural gradient. */
function downhill([mean, deviation], natural) {
  const gap = ESTIMATE[0] - mean;
  const slope = (ESTIMATE[1] ** 2 + gap * gap) / deviation - deviation;
  const square = deviation * deviation;
  return natural ? [gap, slope / 2] : [gap / square, slope / square];
}

const arrived = (point) => point.every((entry, k) => Math.abs(entry / ESTIMATE[k] - 1) <= 0.01);

function follow(start, rate, natural) {
  let point = start;
  const points = [point];
  let end = null;
  while (points.length <= STEPS && !arrived(point) && !end) {
    const [across, up] = downhill(point, natural);
    point = [point[0] + rate * across, point[1] + rate * up];
    if (!(point[1] > 0)) end = "space";
    else if (Math.abs(point[0]) > FAR) end = "far";
    if (end !== "space") points.push(point);
  }
  return { points, arrived: arrived(point), end };
}

const span = (count, from, step) => Array.from({ length: count }, (_, k) => from + k * step);

function arrowsOf(natural) {
  const grid = span(9, 0, 3).flatMap((mean) => span(9, 1, 2).map((deviation) => [mean, deviation]));
  const fields = grid.map((point) => downhill(point, natural));
  const scale = LONGEST / Math.max(...fields.map((arrow) => Math.hypot(...arrow)));
  return grid.map((point, k) => [point, point.map((entry, axis) => entry + scale * fields[k][axis])]);
}

const landscape = {
  contours: LEVELS.map((level) => contour(excess, span(65, -6, 0.5), span(61, 0.3, 0.3), level)),
  plain: arrowsOf(false),
  natural: arrowsOf(true),
};

export function evaluate({ mean, deviation, rate }) {
  return {
    plain: follow([mean, deviation], rate, false),
    natural: follow([mean, deviation], rate, true),
    landscape,
  };
}
