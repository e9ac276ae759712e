// One formula a line comes in as JSON; its identifiers go out the same way: single letters, each with its accent,
// its face, and an index that is a word.
const katex = require(process.argv[2]);
const lines = require("node:readline").createInterface({ input: process.stdin });
const LETTER = /^(?:[A-Za-z]|\\(?:[A-Z][a-z]+|ell|[a-z]*(?:alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau|upsilon|phi|chi|psi|omega)))$/;

const UPRIGHT = /^(?:mathrm|rm)$/; // such letters are words, operators and differentials

/** The word that an index consists of, or "". */
function word(node) {
  if (node.type === "ordgroup") return node.body.length === 1 ? word(node.body[0]) : "";
  if (node.type === "text") return node.body.map((each) => each.text ?? "").join("");
  if (node.type !== "font" || !UPRIGHT.test(node.font)) return "";
  return [node.body.body ?? node.body].flat().map((each) => each.text ?? "").join("");
}

/** The letter with its accent and its face, or "" where a node is more than that. */
function letter(node) {
  if (node.type === "ordgroup") return node.body.length === 1 ? letter(node.body[0]) : "";
  if (["\\dot", "\\ddot"].includes(node.label)) return letter(node.base); // a derivative
  if (node.type === "accent") return letter(node.base) && `${node.label}{${letter(node.base)}}`;
  if (node.type === "font" && !UPRIGHT.test(node.font)) {
    const base = letter(node.body) || (/^\d$/.test(node.body.text) ? node.body.text : "");
    return base && `\\${node.font}{${base}}`;
  }
  return (node.type === "mathord" || node.type === "textord") && LETTER.test(node.text) ? node.text : "";
}

function collect(node, found) {
  if (Array.isArray(node)) return node.forEach((each) => collect(each, found));
  if (node === null || typeof node !== "object") return;
  if (["text", "operatorname", "op", "color-token"].includes(node.type) && !node.sub && !node.sup) return;
  const name = letter(node);
  if (name) {
    found.add(name);
  } else if (node.type === "supsub" && node.base && letter(node.base) && node.sub && word(node.sub)) {
    found.add(`${letter(node.base)}_{${word(node.sub)}}`);
    collect(node.sup, found);
  } else if (node.type !== "font" || !UPRIGHT.test(node.font)) {
    Object.entries(node).forEach(([key, value]) => key !== "loc" && collect(value, found));
  }
}

lines.on("line", (line) => {
  const { tex, macros } = JSON.parse(line);
  const found = new Set();
  collect(katex.__parse(tex, { displayMode: true, macros }), found);
  process.stdout.write(`${JSON.stringify([...found].sort())}\n`);
});
