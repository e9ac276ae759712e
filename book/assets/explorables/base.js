// What all interactive figures share: inputs, axes, marks, and the place on the page.
//
// An explorable is a pure model, evaluate(state) -> numbers, and a view, draw(numbers, state, width) -> pictures and
// elements, describe(numbers, state) -> a sentence. Nothing moves by itself, so there is nothing to switch off for readers who
// prefer that; colours and dashes are in explorables.css.

import { draggable } from "./handles.js";

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
  const [f, inverse] = log ? [Math.log, Math.exp] : [(value) => value, (value) => value];
  return {
    place: (value) => ((f(value) - f(from)) / (f(to) - f(from))) * length,
    value: (place) => inverse(f(from) + (place / length) * (f(to) - f(from))),
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
    pixelsOf: ([a, b]) => [X(a), Y(b)],
    pointAt: ([a, b]) => [horizontal.value(a - left), vertical.value(top + down - b)],
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

/** Its height: one below the other they are lower, so that a phone shows both and the inputs. */
export const heightOfTwo = (width) =>
  width < 620 ? 195 : Math.min(280, Math.max(225, Math.round(0.75 * ofTwo(width))));

function legendOf(entries) {
  const sample = (role) =>
    svg(
      "svg",
      { width: 34, height: 12, "aria-hidden": "true" },
      svg("path", { class: `line ${role}`, d: "M1,6H33" }),
      ...(MARKS[role] ? [svg("path", { class: `mark ${role}`, d: MARKS[role], transform: "translate(17,6)" })] : []),
    );
  const items = entries.map(([role, words]) => html("li", {}, sample(role), words));
  const ring = html("span", { class: "explorable-ring", "aria-hidden": "true" });
  items.push(html("li", {}, ring, "drag a ring, or move a slider"));
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
  select.value = value;
  select.addEventListener("change", () => {
    state[name] = select.value;
    changed();
  });
  return { row: html("div", { class: "explorable-input" }, html("label", { for: id }, label), select), input: select };
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
  return { row: html("div", { class: "explorable-input" }, html("label", { for: id }, label), output, range), input: range };
}

/** As if a reader had moved an input: it rounds the value to its steps, and says so if that is another one. */
function set(input, value) {
  const before = input.value;
  input.value = value;
  const event = input.localName === "select" ? "change" : "input";
  if (input.value !== before) input.dispatchEvent(new Event(event, { bubbles: true }));
}

// --- the page ------------------------------------------------------------------------------------

/**
 * The sentence, and unseen behind it the longest one so far, which begins as the one at `longest`: what is below does
 * not jump while the sentence changes.
 */
function sentence(longest) {
  const status = html("p", { class: "explorable-status", role: "status" });
  const room = html("p", { class: "explorable-room" }, longest);
  const say = (text) => {
    status.textContent = text;
    if (text.length > room.textContent.length) room.textContent = text;
  };
  return { said: html("div", { class: "explorable-said" }, room, status), say };
}

/**
 * Build an explorable where the page has its question.
 *
 * An input is a slider, or a list if it has `options`; one with `only: { name: value }` is there while the state has that
 * value. `hint` says how to read the drawings; in the state `longest` the sentence is as long as it gets; `handles` as in
 * handles.js.
 */
export function explore(tag, { hint, legend, inputs, handles, longest, evaluate, draw, describe }) {
  const place = document.getElementById(`explorable-${tag}`);
  if (!place) return;
  const id = (part) => `explorable-${tag}-${part}`;
  const start = Object.fromEntries(inputs.map(({ name, value }) => [name, value]));
  const state = { ...start };
  const extreme = { ...start, ...longest };
  const { said, say } = sentence(describe(evaluate(extreme), extreme));
  const drawings = html("div", { class: "explorable-drawings" });
  const stage = html("div", { class: "explorable-stage" }, drawings);

  let numbers;
  const paint = () => {
    const width = Math.floor(drawings.clientWidth);
    if (width === 0) return;
    const pictures = draw(numbers, state, width);
    drawings.replaceChildren(...pictures.map((each) => each.drawing ?? each));
    putHandles(pictures, state, numbers);
  };
  const update = () => {
    for (const [k, { only = {} }] of inputs.entries()) {
      controls[k].row.hidden = Object.entries(only).some(([name, value]) => state[name] !== value);
    }
    numbers = evaluate(state);
    paint();
    say(describe(numbers, state));
  };
  // Several inputs may be set at once; then one evaluation answers them all.
  let [setting, stale] = [false, false];
  const changed = () => {
    stale = setting;
    if (!setting) update();
  };
  const move = (values) => {
    setting = true;
    for (const [k, { name }] of inputs.entries()) if (name in values) set(controls[k].input, values[name]);
    setting = false;
    if (stale) changed();
  };
  const controls = inputs.map((input) => {
    return (input.options ? choice : slider)(input, id(input.name), state, changed);
  });
  const putHandles = draggable(stage, handles, move);
  const reset = html("button", { type: "button", class: "explorable-reset" }, "Back to the start");
  reset.addEventListener("click", () => move(start));

  place.append(
    html("p", { class: "explorable-hint" }, hint),
    legendOf(legend),
    stage,
    said,
    html("div", { class: "explorable-inputs" }, ...controls.map(({ row }) => row)),
    reset,
  );
  place.hidden = false;
  update();
  let painted = drawings.clientWidth;
  new ResizeObserver(() => {
    if (drawings.clientWidth === painted) return;
    painted = drawings.clientWidth;
    paint();
  }).observe(drawings);
}
