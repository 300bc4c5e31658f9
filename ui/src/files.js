// The files of a run, and what it prints: looked at in part, never run.
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, address, ask } from "./api.js";
import { bytes } from "./format.js";
import { html } from "./html.js";

/** @typedef {import("./types.js").RunFile} RunFile */
/** @typedef {{ project: string, run: string }} Query */

const PART = 64 * 1024;
const MOST_ROWS = 50;
const IMAGE = /\.(avif|bmp|gif|jpe?g|png|svg|webp)$/i;
const TEXT =
  /\.(c|cfg|conf|cpp|csv|diff|err|f90|h|ini|jl|js|json|jsonl|log|m|md|out|patch|py|r|rs|rst|sh|tex|toml|tsv|txt|xml|yaml|yml)$/i;

/**
 * @param {object} properties
 * @param {Query | null} properties.query null: nobody has what is in them.
 * @param {RunFile[]} properties.files
 */
export function Files({ query, files }) {
  const [open, setOpen] = useState(/** @type {string | null} */ (null));
  return html`<ul class="files">
    ${files.map((file) => {
      const url = query && address("file", { ...query, key: file.key });
      const seen = url !== null && (IMAGE.test(file.path) || TEXT.test(file.path));
      const shown = open === file.key;
      return html`<li>
        <div class="file">
          ${
            seen
              ? html`<button type="button" class="text" aria-expanded=${shown} title=${file.path} onClick=${() => setOpen(shown ? null : file.key)}>
                  <span class="twist" aria-hidden="true">${shown ? "▾" : "▸"}</span>${file.key}
                </button>`
              : html`<span class="unseen" title=${file.path}>${file.key}</span>`
          }
          <span class="path dim">${file.path.slice(file.path.lastIndexOf("/") + 1)}</span>
          <span class="dim size">${file.size === null ? "" : bytes(file.size)}</span>
          ${url !== null && html`<a href=${url} download title=${`Save ${file.path}`} aria-label=${`Save ${file.key}`}>↓</a>`}
        </div>
        ${shown && seen && html`<${Preview} url=${url} file=${file} />`}
      </li>`;
    })}
  </ul>`;
}

/** @param {{ url: string, file: RunFile }} properties */
function Preview({ url, file }) {
  const [part, error] = usePart(url, `bytes=0-${PART - 1}`, file.size);
  if (IMAGE.test(file.path)) return html`<img class="preview" src=${url} alt=${`The image ${file.key}`} />`;
  if (error) return html`<p class="failure" role="alert">${error}</p>`;
  if (!part) return html`<p class="dim">Reading…</p>`;
  const cut = part.whole > part.text.length && part.text.length >= PART / 4;
  return html`
    ${/\.(csv|tsv)$/i.test(file.path) ? html`<${Sheet} text=${part.text} sign=${/\.tsv$/i.test(file.path) ? "\t" : ","} />` : html`<pre class="preview" tabindex="0">${pretty(file.path, part.text)}</pre>`}
    ${cut && html`<p class="dim">The first ${bytes(PART)} of ${bytes(part.whole)}.</p>`}
  `;
}

/** @param {string} path @param {string} text */
function pretty(path, text) {
  if (!/\.json$/i.test(path)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** @param {{ text: string, sign: string }} properties */
function Sheet({ text, sign }) {
  const rows = text
    .split(/\r?\n/)
    .filter(Boolean)
    .slice(0, MOST_ROWS + 1)
    .map((line) => cells(line, sign));
  const [head = [], ...body] = rows;
  return html`<div class="preview" tabindex="0">
    <table>
      <thead>
        <tr>${head.map((name) => html`<th scope="col">${name}</th>`)}</tr>
      </thead>
      <tbody>
        ${body.map((row) => html`<tr>${row.map((item) => html`<td class=${item !== "" && !Number.isNaN(Number(item)) ? "right" : ""}>${item}</td>`)}</tr>`)}
      </tbody>
    </table>
  </div>`;
}

/** The cells of one line, of which some may stand in quotes. @param {string} line @param {string} sign */
function cells(line, sign) {
  const found = [];
  let cell = "";
  let quoted = false;
  for (const letter of line) {
    if (letter === '"') quoted = !quoted;
    else if (letter === sign && !quoted) {
      found.push(cell);
      cell = "";
    } else cell += letter;
  }
  return [...found, cell];
}

/**
 * The end of what a run has printed. It stays at the end while more comes, unless one scrolls up.
 * @param {{ query: Query, size: number }} properties
 */
export function Log({ query, size }) {
  const url = address("log", query);
  const [part, error] = usePart(url, `bytes=-${PART}`, size);
  const box = useRef(/** @type {HTMLPreElement | null} */ (null));
  const follows = useRef(true);
  useEffect(() => {
    if (follows.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [part?.text]);
  if (size === 0) return html`<p class="dim">Nothing was printed yet.</p>`;
  if (error) return html`<p class="failure" role="alert">${error}</p>`;
  return html`<pre
      class="preview log"
      ref=${box}
      tabindex="0"
      aria-label="What the run has printed"
      onScroll=${(/** @type {Event} */ event) => {
        const { scrollTop, scrollHeight, clientHeight } = /** @type {HTMLElement} */ (event.target);
        follows.current = scrollTop + clientHeight > scrollHeight - 8;
      }}
    >${part?.text ?? ""}</pre
    >
    <p class="dim">${part && part.whole > PART ? `The last ${bytes(PART)} of ${bytes(part.whole)}. ` : ""}<a class="link" href=${url} download>Save all of it</a></p>`;
}

/**
 * A part of a file as text, read again when the file has another size.
 * @param {string} url
 * @param {string} range
 * @param {number | null} size
 * @returns {[{ text: string, whole: number } | null, string]}
 */
function usePart(url, range, size) {
  const [part, setPart] = useState(/** @type {{ text: string, whole: number } | null} */ (null));
  const [error, setError] = useState("");
  useEffect(() => {
    const abort = new AbortController();
    const load = async () => {
      if (size === 0) return setPart({ text: "", whole: 0 });
      // A browser's cache would put parts of what the file was and is together.
      const options = { headers: { Range: range }, signal: abort.signal };
      const answer = await ask(url, { ...options, cache: "no-store" });
      const whole = Number(answer.headers.get("content-range")?.split("/")[1] ?? 0);
      const text = await answer.text();
      setError("");
      return setPart({ text, whole: whole || text.length });
    };
    load().catch((failed) => {
      if (abort.signal.aborted) return;
      if (!(failed instanceof ApiError)) throw failed;
      setError(failed.message);
    });
    return () => abort.abort();
  }, [url, size]);
  return [part, error];
}
