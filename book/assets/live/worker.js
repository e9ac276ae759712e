// Python, in a worker: the page stays alive while it computes, and ending the worker ends whatever it does.

const say = (kind, more = {}) => postMessage({ kind, ...more });
const held = new Map(); // the files of Pyodide, as they came
const plainFetch = self.fetch;
let megabytes = 0;
let python;
let session;

/** What Pyodide asks for is what is held, or comes from the network and is counted. */
self.fetch = async (address, options) => {
  if (held.has(String(address))) return new Response(held.get(String(address)));
  const answer = await plainFetch(address, options);
  megabytes += Number(answer.headers.get("content-length") ?? 0) / 1e6;
  return answer;
};

/** Fetch the files of Pyodide; each has to be the one that was tested, or the browser refuses it. */
async function fetchCore(core, digests) {
  const names = Object.keys(digests);
  let there = 0;
  const tell = () => say("progress", { text: `Loading Python: ${there} of ${names.length} files …` });
  tell();
  const fetchOne = async (name) => {
    const signal = AbortSignal.timeout(name.endsWith(".json") ? 20_000 : 300_000); // is anybody there?
    const answer = await self.fetch(core + name, { integrity: digests[name], signal });
    if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
    held.set(core + name, await answer.blob());
    there += 1;
    tell();
  };
  await Promise.all(names.map(fetchOne));
}

async function importHeld(address) {
  const script = new Blob([held.get(address)], { type: "text/javascript" });
  return import(URL.createObjectURL(script));
}

async function loadPackages(names) {
  const titles = { numpy: "NumPy", scipy: "SciPy", matplotlib: "Matplotlib" };
  const words = names.map((name) => titles[name] ?? name).join(", ");
  const tell = () => say("progress", { text: `Loading ${words} (${Math.round(megabytes)} MB so far) …` });
  tell();
  const clock = setInterval(tell, 3000);
  try {
    await python.loadPackage(names, { messageCallback() {}, errorCallback() {} });
  } catch {
    // what is missing is said below
  } finally {
    clearInterval(clock);
  }
  return names.filter((name) => !(name in python.loadedPackages)).map((name) => titles[name] ?? name);
}

async function start({ core, packages, digests, compiled, packed, wheels, files, results }) {
  await fetchCore(core, digests);
  say("progress", { text: "Starting Python …" });
  const { loadPyodide } = await importHeld(`${core}pyodide.mjs`);
  const { default: createPyodideModule } = await importHeld(`${core}pyodide.asm.mjs`);
  python = await loadPyodide({
    indexURL: core,
    lockFileURL: `${core}pyodide-lock.json`,
    packageBaseUrl: packages,
    createPyodideModule,
  });
  const missing = await loadPackages(compiled);
  say("progress", { text: "Installing ngbook and SymPy …" });
  python.FS.mkdirTree("/page/live_page");
  for (const wheel of wheels) python.unpackArchive(wheel, "wheel", { extractDir: "/page" });
  for (const [name, text] of Object.entries(files)) python.FS.writeFile(`/page/${name}`, text);
  python.globals.set("emit_text", (text) => postMessage(JSON.parse(text)));
  python.globals.set("results_text", JSON.stringify(results));
  python.globals.set("names_text", JSON.stringify([...compiled, ...packed]));
  const versions = python.runPython(`
    import importlib, json, sys
    sys.path.insert(0, "/page")
    importlib.invalidate_caches()
    from live_page import folder, installed
    from live_page.session import Session
    folder.enter("/book", json.loads(results_text))
    json.dumps(installed.versions(json.loads(names_text)))
  `);
  begin();
  say("ready", { missing, versions: JSON.parse(versions) });
}

/** Forget the variables. */
function begin() {
  session = python.runPython("Session(lambda item: emit_text(json.dumps(item)))");
}

async function run({ number, code, fresh }) {
  if (fresh) begin();
  const unknown = session.unknown_modules(code).toJs();
  if (unknown.length) {
    const silent = { messageCallback() {}, errorCallback() {} };
    await python.loadPackagesFromImports(unknown.map((name) => `import ${name}`).join("\n"), silent).catch(() => {});
  }
  say("done", { ok: session.run(number, code) });
}

self.onmessage = ({ data }) => {
  const task = data.kind === "start" ? start(data) : run(data);
  task.catch((error) => say("failed", { text: String(error.message ?? error) }));
};
