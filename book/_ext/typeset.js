// One formula a line comes in as JSON; its HTML, or what is wrong with it, goes out the same way.
const katex = require(process.argv[2]);
const lines = require("node:readline").createInterface({ input: process.stdin });

function answer({ tex, display, macros }) {
  try {
    return { html: katex.renderToString(tex, { displayMode: display, macros, strict: "error" }) };
  } catch (error) {
    return { error: error.message };
  }
}

lines.on("line", (line) => process.stdout.write(`${JSON.stringify(answer(JSON.parse(line)))}\n`));
