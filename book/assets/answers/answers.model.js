// What is said to an answer: the same rules as in ngbook/answers.py, and numbers as readers write them.

export const SLACK = 1e-9;

const NAMES = { pi: Math.PI, "π": Math.PI, e: Math.E };
const FUNCTIONS = { sqrt: Math.sqrt, "√": Math.sqrt, exp: Math.exp, log: Math.log, ln: Math.log };
const TOKEN = /\s*(?:(\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)|([a-zπ√]+)|(\*\*|[-+*/^()%]))/iy;

/** The tokens of a text, or null if something in it is none. */
function tokens(text) {
  const found = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const match = TOKEN.exec(text);
    if (!match) return null;
    found.push(match[1] ? Number(match[1]) : (match[2] ?? match[3]).toLowerCase());
  }
  return found;
}

/** The number that an arithmetic expression means, such as "2/3", "-1.5e-3", "sqrt(2)/pi", "64%"; else NaN. */
export function numberIn(text) {
  const plain = text.trim().replace(/[−–]/g, "-").replace(/[×·⋅]/g, "*").replace(/½/g, "(1/2)");
  const rest = plain && tokens(plain);
  if (!rest) return NaN;

  function atom() {
    const token = rest.shift();
    if (typeof token === "number") return token;
    if (token === "(") return rest.length ? closed(sum()) : NaN;
    if (Object.hasOwn(NAMES, token)) return NAMES[token];
    if (Object.hasOwn(FUNCTIONS, token)) return FUNCTIONS[token](token === "√" || rest[0] === "(" ? atom() : NaN);
    return NaN;
  }
  function closed(value) {
    return rest.shift() === ")" ? value : NaN;
  }
  function power() {
    let value = atom();
    while (rest[0] === "%") {
      rest.shift();
      value /= 100;
    }
    return rest[0] === "^" || rest[0] === "**" ? (rest.shift(), value ** signed()) : value;
  }
  function signed() {
    if (rest[0] === "-") return rest.shift(), -signed();
    if (rest[0] === "+") return rest.shift(), signed();
    return power();
  }
  function product() {
    let value = signed();
    while (rest[0] === "*" || rest[0] === "/") value = rest.shift() === "*" ? value * signed() : value / signed();
    return value;
  }
  function sum() {
    let value = product();
    while (rest[0] === "+" || rest[0] === "-") value = rest.shift() === "+" ? value + product() : value - product();
    return value;
  }
  const value = sum();
  return rest.length || !Number.isFinite(value) ? NaN : value;
}

/** The one answer in a form's key, which ngbook's `encode` has written. */
export function decoded(key) {
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(key), (letter) => letter.codePointAt(0))))[0];
}

export const isChoice = (answer) => typeof answer.right === "string";

/** Whether the entries count as this value; both as flat lists. */
function near(answer, given, value) {
  if (isChoice(answer)) return given === value;
  const wanted = [value].flat(2);
  const largest = Math.max(...wanted.map(Math.abs)) || 1;
  return wanted.every((entry, i) => Math.abs(given[i] - entry) <= (answer.within + SLACK) * (Math.abs(entry) || largest));
}

const rounded = (number) => String(Number(number.toPrecision(4)));

/** A value in words, in the shape of the right one. */
function shown(value, like) {
  if (typeof value === "string") return `(${value})`;
  if (!Array.isArray(like)) return rounded(value[0]);
  const width = value.length / like.length;
  return `[${like.map((row, i) => shown(value.slice(i * width, (i + 1) * width), row)).join(", ")}]`;
}

/**
 * The verdict and the sentence for an answer: a letter or null, or the texts of the entries, row by row.
 */
export function judge(answer, given) {
  if (isChoice(answer) && !given) return { verdict: "unreadable", text: "Choose one of the options." };
  const entries = isChoice(answer) ? given : given.map(numberIn);
  const bad = isChoice(answer) ? -1 : entries.findIndex(Number.isNaN);
  if (bad >= 0) {
    const text = given[bad].trim();
    const place = given.length > 1 ? ` in field ${bad + 1}` : "";
    if (!text) return { verdict: "unreadable", text: `A number is missing${place}.`, field: bad };
    const comma = text.includes(",") ? " Write a decimal point, not a comma." : "";
    return { verdict: "unreadable", text: `“${text}”${place} is not a number that we can read, such as -0.5, 2/3 or sqrt(2).${comma}`, field: bad };
  }
  if (answer.predicted) {
    const flat = isChoice(answer) ? answer.right : [answer.right].flat(2);
    const so = near(answer, entries, answer.right) ? "and so it is" : `and it is ${shown(flat, answer.right)}`;
    return { verdict: "told", text: `You predicted ${shown(entries, answer.right)}, ${so}. ${answer.about}` };
  }
  if (near(answer, entries, answer.right)) return { verdict: "right", text: "Right." };
  const known = answer.mistakes.find(([value]) => near(answer, entries, value));
  if (known) return { verdict: "known mistake", text: `Not right: ${known[1]}` };
  return { verdict: "wrong", text: "Not right, and no mistake that we know." };
}
