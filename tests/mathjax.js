// Formulas come in as JSON, [[tex, displayed], ...]; what MathJax says against each goes out, null for nothing.
const folder = process.argv[2];
const fs = require("node:fs");

require(`${folder}/node-main.js`)
  .init({
    loader: { paths: { mathjax: folder }, load: ["input/tex", "adaptors/liteDOM"] },
    // Without the packages that would show an unknown command in red and go on.
    tex: { packages: ["base", "ams", "newcommand"] },
    startup: { typeset: false },
  })
  .then((mathjax) => {
    const formulas = JSON.parse(fs.readFileSync(0, "utf-8"));
    const said = formulas.map(([tex, display]) => {
      mathjax.texReset();
      const [, wrong] = /data-mjx-error="([^"]*)"/.exec(mathjax.tex2mml(tex, { display })) ?? [];
      return wrong ?? null;
    });
    process.stdout.write(JSON.stringify(said));
  });
