// Two flows of a Gaussian policy with a quadratic reward, (eq-flowing-policies-warm): distances are shares of the first one.

export const inputs = [
  { name: "spread", label: "start: log₁₀ of the standard deviation", min: -3, max: 1, step: 0.1, value: -1 },
  { name: "temperature", label: "temperature τ", min: 0, max: 4, step: 0.05, value: 0 },
];

export const FROM = 0.01; // of the times that are drawn
export const TO = 1e8;
export const SHARE = 0.01; // of the distance, at the goal

export const handles = [
  {
    role: "third",
    picture: 1,
    way: "upright",
    place: ({ spread }) => [FROM, 10 ** spread],
    moved: ([, deviation]) => ({ spread: Math.log10(Math.max(deviation, 1e-4)) }),
  },
];

const COUNT = 160;
const times = Array.from({ length: COUNT + 1 }, (_, k) => FROM * (TO / FROM) ** (k / COUNT));

/** (1 − e^(−τt)) / τ, which is t at the temperature 0. */
const elapsed = (temperature, t) => (temperature === 0 ? t : -Math.expm1(-temperature * t) / temperature);

function fisher(variance, temperature, t) {
  const kept = Math.exp(-temperature * t);
  const below = kept + variance * elapsed(temperature, t);
  return { distance: kept / below, deviation: Math.sqrt(variance / below) };
}

function wasserstein(variance, temperature, t) {
  const kept = Math.exp(-2 * t);
  return { distance: Math.exp(-t), deviation: Math.sqrt(kept * variance + (1 - kept) * temperature) };
}

export function evaluate({ spread, temperature }) {
  const variance = 10 ** (2 * spread);
  const room = (1 / SHARE - 1) / variance;
  const along = (flow, part) => times.map((t) => [t, flow(variance, temperature, t)[part]]);
  const when = {
    fisher: temperature === 0 ? room : Math.log1p(temperature * room) / temperature,
    wasserstein: Math.log(1 / SHARE),
  };
  return {
    when,
    ratio: when.fisher / when.wasserstein,
    variance,
    fisher: along(fisher, "distance"),
    wasserstein: along(wasserstein, "distance"),
    fisherWidths: along(fisher, "deviation"),
    wassersteinWidths: along(wasserstein, "deviation"),
    arrivals: { fisher: fisher(variance, temperature, when.fisher), wasserstein: wasserstein(variance, temperature, when.wasserstein) },
  };
}
