// The page's side of the worker: Python is started, given one cell after the other, and ended. Only ending the worker
// interrupts a cell: a gentler way needs headers that an ordinary server of pages does not send.

const FOLDER = new URL(".", document.currentScript.src);

/** Load a script that lies beside this one: the only way to read a file for a page that was itself opened as one. */
export function loadScript(name) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL(name, FOLDER);
    script.onload = () => resolve(script.remove());
    script.onerror = () => reject(new Error(`${name} is missing beside the book's pages`, { cause: script.remove() }));
    document.head.append(script);
  });
}

const bytes = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)).buffer;

/** The worker's script as an address. A page that was opened as a file may not start a module from a blob. */
const workerAddress = () =>
  location.protocol === "file:"
    ? `data:text/javascript,${encodeURIComponent(WORKER)}`
    : URL.createObjectURL(new Blob([WORKER], { type: "text/javascript" }));

const folderAddress = (address) => new URL(address.replace(/\/?$/, "/"), location.href).href;

/** Where Pyodide is: `?pyodide=ADDRESS` names another copy of the same version; its digests are the same. */
export function addresses() {
  const other = new URLSearchParams(location.search).get("pyodide");
  return other ? { core: folderAddress(other), packages: folderAddress(other) } : RUNTIME.addresses;
}

/**
 * Python, as soon as it has started: `run(number, code, fresh)` gives "ok", "error" or "stopped", in `fresh` variables if
 * so wanted, and `end()` stops whatever is done.
 *
 * `compiled` and `packed` are names of packages, from Pyodide and from the book; `versions` says what came of them.
 * `progress` is called with what is being done, `output` with what a cell produces. `signal` gives the load up.
 */
export async function startPython({ compiled, packed, signal, progress, output }) {
  progress("Reading the book's own packages …");
  await Promise.all(packed.map((name) => loadScript(`${name}.js`)));
  signal.throwIfAborted();
  const worker = new Worker(workerAddress(), { type: "module" });
  let finish; // how the thing that is being done came out
  const outcome = () => new Promise((resolve, reject) => (finish = { resolve, reject }));
  const stop = () => {
    worker.terminate();
    finish.resolve("stopped");
  };
  signal.addEventListener("abort", stop);
  worker.onmessage = ({ data }) => {
    if (data.kind === "progress") progress(data.text);
    else if (data.kind === "ready") finish.resolve(data);
    else if (data.kind === "done") finish.resolve(data.ok ? "ok" : "error");
    else if (data.kind === "failed") finish.reject(new Error(data.text));
    else output(data);
  };
  worker.onerror = (event) => finish.reject(new Error(event.message || "the browser does not start the worker"));

  const wheels = Object.values(window.liveWheels).map(bytes);
  const { digests } = RUNTIME;
  const ready = outcome();
  worker.postMessage({ kind: "start", ...addresses(), digests, compiled, packed, wheels, files: PYTHON, results: RESULTS }, wheels);
  try {
    const started = await ready;
    signal.throwIfAborted();
    return {
      missing: started.missing,
      versions: started.versions,
      run(number, code, fresh) {
        const done = outcome();
        worker.postMessage({ kind: "run", number, code, fresh });
        return done;
      },
      end: stop,
    };
  } catch (error) {
    worker.terminate();
    throw error;
  }
}
