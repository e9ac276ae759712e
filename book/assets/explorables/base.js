// What all interactive figures share: inputs, axes, marks, and the place on the page.
//
// An explorable is a pure model, evaluate(state) -> numbers, and a view, draw(numbers, state, width) -> drawings,
// describe(numbers, state) -> a sentence. Nothing moves by itself, so there is nothing to switch off for readers who
// prefer that; colours and dashes are in explorables.css.

const SVG = "http://www.w3.org/2000/svg";

function element(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

export const html = (name, attributes = {}, ...children) =>
  element(document.createElement(name), attributes, children);
const svg = (name, attributes = {}, ...children) =>
  element(document.createElementNS(SVG, name), attributes, children);

/** A number as the book prints it, with a real minus sign and none before zero. */
export function number(value, digits = 1) {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

// --- drawing -------------------------------------------------------------------------------------

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const powerOfTen = (k) =>
  k === 0 ? "1" : `10${k < 0 ? "⁻" : ""}${[...String(Math.abs(k))].map((digit) => SUPERSCRIPTS[digit]).join("")}`;

/** [position, label] of the ticks of a linear axis: one, two or five times a power of ten apart. */
function linearTicks(from, to, most, whole) {
  const rough = Math.max((to - from) / most, whole ? 1 : 0);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough * (1 - 1e-9)) * power;
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const first = Math.ceil(from / step - 1e-9);
  const count = Math.floor(to / step + 1e-9) - first + 1;
  return Array.from({ length: count }, (_, k) => [(first + k) * step, number((first + k) * step, digits)]);
}

function decades(from, to, most) {
  const [first, last] = [Math.ceil(Math.log10(from)), Math.floor(Math.log10(to))];
  const step = Math.max(1, Math.ceil((last - first) / most));
  const powers = [];
  for (let k = last; k >= first; k -= step) powers.push(k);
  return powers.map((k) => [10 ** k, powerOfTen(k)]);
}

function axis({ from, to, log = false, whole = false }, length, most) {
  const f = log ? Math.log : (value) => value;
  return {
    place: (value) => ((f(value) - f(from)) / (f(to) - f(from))) * length,
    ticks: (log ? decades : linearTicks)(from, to, most, whole),
  };
}

const MARKS = {
  natural: "M-3.2,0a3.2,3.2 0 1,0 6.4,0a3.2,3.2 0 1,0 -6.4,0z",
  gradient: "M-2.9,-2.9h5.8v5.8h-5.8z",
  third: "M0,-3.9L3.7,2.7H-3.7z",
  fourth: "M0,-4L4,0L0,4L-4,0z",
};
let clips = 0;

/**
 * One pair of axes as an SVG. `x` and `y` are { from, to, label, log, whole }; `whole` numbers only at the ticks.
 *
 * `line`, `marks`, `ticks` and `text` take points in the units of the axes and a role, as in ngbook.plots.ROLES.
 */
export function axes({ width, height, x, y, name }) {
  const [left, right, top, bottom] = [60, 16, 8, 40];
  const [across, down] = [width - left - right, height - top - bottom];
  const horizontal = axis(x, across, Math.max(5, Math.floor(across / 45)));
  const vertical = axis(y, down, Math.max(5, Math.floor(down / 34)));
  const X = (value) => left + horizontal.place(value);
  const Y = (value) => top + down - vertical.place(value);
  clips += 1;
  const clip = `explorable-clip-${clips}`;
  const inside = svg("g", { "clip-path": `url(#${clip})` });
  const labels = svg("g", {});
  const drawing = svg(
    "svg",
    { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": name },
    svg("clipPath", { id: clip }, svg("rect", { x: left, y: top, width: across, height: down })),
    inside,
    svg("path", { class: "frame", d: `M${left},${top}v${down}h${across}` }),
    labels,
  );
  const write = (text, place, attributes) => labels.append(svg("text", { ...place, ...attributes }, text));
  for (const [value, label] of horizontal.ticks) {
    labels.append(svg("path", { class: "frame", d: `M${X(value)},${top + down}v4` }));
    write(label, { x: X(value), y: top + down + 17 }, { "text-anchor": "middle" });
  }
  for (const [value, label] of vertical.ticks) {
    labels.append(svg("path", { class: "frame", d: `M${left},${Y(value)}h-4` }));
    write(label, { x: left - 7, y: Y(value) + 4 }, { "text-anchor": "end" });
  }
  write(x.label, { x: left + across / 2, y: height - 6 }, { "text-anchor": "middle" });
  const turned = `translate(13 ${top + down / 2}) rotate(-90)`;
  write(y.label, { transform: turned }, { "text-anchor": "middle" });

  const at = ([a, b]) => `${X(a).toFixed(1)},${Y(b).toFixed(1)}`;
  return {
    drawing,
    line(points, role) {
      inside.append(svg("path", { class: `line ${role}`, d: `M${points.map(at).join("L")}` }));
    },
    marks(points, role) {
      for (const point of points) {
        inside.append(svg("path", { class: `mark ${role}`, d: MARKS[role], transform: `translate(${at(point)})` }));
      }
    },
    /** Short upright strokes. */
    strokes(points, role) {
      const d = points.map((point) => `M${at(point)}m0,-6v12`).join("");
      inside.append(svg("path", { class: `stroke ${role}`, d }));
    },
  };
}

/** The width of one of two drawings: side by side where there is room, with a gap, and one below the other elsewhere. */
export const ofTwo = (width) => (width < 620 ? width : Math.floor((width - 12) / 2));

function legendOf(entries) {
  const sample = (role) =>
    svg(
      "svg",
      { width: 34, height: 12, "aria-hidden": "true" },
      svg("path", { class: `line ${role}`, d: "M1,6H33" }),
      ...(MARKS[role] ? [svg("path", { class: `mark ${role}`, d: MARKS[role], transform: "translate(17,6)" })] : []),
    );
  const items = entries.map(([role, words]) => html("li", {}, sample(role), words));
  return html("ul", { class: "explorable-legend" }, ...items);
}

/** A small table of numbers, whose rows and columns have the same names. */
export function matrix(title, names, rows) {
  const head = (scope, text) => html("th", { scope }, text);
  const body = rows.map((row, k) => html("tr", {}, head("row", names[k]), ...row.map((text) => html("td", {}, text))));
  const heads = html("tr", {}, html("td", {}), ...names.map((name) => head("col", name)));
  const table = html("table", {}, html("caption", {}, title), html("thead", {}, heads), html("tbody", {}, ...body));
  return html("div", { class: "explorable-matrix" }, table);
}

// --- controls ------------------------------------------------------------------------------------

/** A labelled list to choose from that writes to `state` and calls `changed`; `options` are [value, words]. */
function choice({ name, label, options, value }, id, state, changed) {
  const select = html("select", { id }, ...options.map(([each, words]) => html("option", { value: each }, words)));
  select.addEventListener("change", () => {
    state[name] = select.value;
    changed();
  });
  const reset = () => {
    select.value = state[name] = value;
  };
  reset();
  return { row: html("div", { class: "explorable-input" }, html("label", { for: id }, label), select), reset };
}

/** A labelled slider that writes to `state` and calls `changed`. */
function slider(input, id, state, changed) {
  const { name, label, min, max, step, value, unit = "" } = input;
  const digits = (String(step).split(".")[1] ?? "").length;
  const range = html("input", { type: "range", id, min, max, step, value });
  const output = html("output", { for: id, "aria-live": "off" }); // the slider itself says its value
  const show = () => {
    output.textContent = number(state[name], digits) + unit;
    range.setAttribute("aria-valuetext", output.textContent);
  };
  range.addEventListener("input", () => {
    state[name] = Number(range.value);
    show();
    changed();
  });
  show();
  const reset = () => {
    range.value = state[name] = value;
    show();
  };
  return { row: html("div", { class: "explorable-input" }, html("label", { for: id }, label), output, range), reset };
}

// --- the page ------------------------------------------------------------------------------------

/**
 * Put an explorable in the place of the figure of the cell tagged `explorable-<tag>`.
 *
 * The figure stays, with its number and caption, in a <details> below; links to it now lead here. An input is a slider,
 * or a list if it has `options`; one with `only: { name: value }` is there while the state has that value.
 */
export function explore(tag, { title, hint, legend, inputs, evaluate, draw, describe }) {
  const figure = document.querySelector(`.tag_explorable-${tag} figure`);
  if (!figure) return;
  const printed = figure.querySelector(".caption-number")?.textContent.trim() || "The figure";
  const id = (part) => `explorable-${tag}-${part}`;
  const state = Object.fromEntries(inputs.map(({ name, value }) => [name, value]));
  const drawings = html("div", { class: "explorable-drawings" });
  const status = html("p", { class: "explorable-status", role: "status" });

  let numbers;
  const paint = () => {
    const width = Math.floor(drawings.clientWidth);
    if (width > 0) drawings.replaceChildren(...draw(numbers, state, width));
  };
  const changed = () => {
    for (const [k, { only = {} }] of inputs.entries()) {
      controls[k].row.hidden = Object.entries(only).some(([name, value]) => state[name] !== value);
    }
    numbers = evaluate(state);
    paint();
    status.textContent = describe(numbers, state);
  };
  const controls = inputs.map((input) => {
    return (input.options ? choice : slider)(input, id(input.name), state, changed);
  });
  const reset = html("button", { type: "button", class: "explorable-reset" }, "Back to the start");
  reset.addEventListener("click", () => {
    for (const each of controls) each.reset();
    changed();
  });

  const place = html(
    "div",
    { class: "explorable", role: "group", "aria-labelledby": id("title") },
    html("p", { class: "explorable-title", id: id("title") }, html("strong", {}, title)),
    html("p", { class: "explorable-hint" }, hint),
    legendOf(legend),
    drawings,
    status,
    html("div", { class: "explorable-inputs" }, ...controls.map(({ row }) => row)),
    reset,
  );
  const anchor = figure.id;
  figure.removeAttribute("id");
  if (anchor) place.id = anchor;
  figure.replaceWith(place);
  place.append(
    html("details", { class: "explorable-printed" }, html("summary", {}, `${printed} as it is printed`), figure),
  );
  changed();
  let painted = drawings.clientWidth;
  new ResizeObserver(() => {
    if (drawings.clientWidth === painted) return;
    painted = drawings.clientWidth;
    paint();
  }).observe(drawings);
}
