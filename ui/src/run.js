// One run: all that is known of it, and its tags and note to change.
import { signal } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { ApiError, get, send } from "./api.js";
import { RunCharts } from "./charts/one.js";
import { took } from "./columns.js";
import { Files, Log } from "./files.js";
import { age, flat, time, value } from "./format.js";
import { html } from "./html.js";
import { changes, now } from "./live.js";
import { StatusMark } from "./status.js";

/** @typedef {import("./types.js").Run} Run */

/**
 * @param {object} properties
 * @param {string} properties.project
 * @param {string} properties.name
 * @param {boolean} properties.readOnly
 * @param {boolean} [properties.away] Whether its folder is out of reach.
 * @param {() => void} properties.onClose
 */
export function RunPanel({ project, name, readOnly, away = false, onClose }) {
  const shown = useMemo(() => signal(/** @type {Run | null} */ (null)), [project]);
  const error = useMemo(() => signal(/** @type {ApiError | null} */ (null)), [project]);
  const query = { project, run: name };

  useEffect(() => {
    const abort = new AbortController();
    get("run", query, abort.signal).then(
      (run) => {
        shown.value = run;
        error.value = null;
      },
      (failed) => {
        if (!abort.signal.aborted) error.value = failed;
      },
    );
    return () => abort.abort();
  }, [project, name, changes.value]);

  const run = shown.value;
  return html`<aside class="run-panel" aria-label=${`Run ${name}`}>
    <header>
      <h2 class="mono">${name}</h2>
      ${run?.run === name && html`<${StatusMark} status=${run.status} stale=${run.stale} />`}
      <button type="button" class="plain close" title="Close (Esc)" aria-label="Close" onClick=${onClose}>✕</button>
    </header>
    <div class="panel-body">
      ${error.value && html`<p class="failure" role="alert">${error.value.message}</p>`}
      ${
        run && !error.value
          ? html`<${Whole} run=${run} query=${{ project, run: run.run }} readOnly=${readOnly} away=${away} onChanged=${(/** @type {Run} */ now) => (shown.value = now)} />`
          : ""
      }
    </div>
  </aside>`;
}

/**
 * @param {object} properties
 * @param {Run} properties.run
 * @param {{ project: string, run: string }} properties.query
 * @param {boolean} properties.readOnly
 * @param {boolean} properties.away
 * @param {(run: Run) => void} properties.onChanged
 */
function Whole({ run, query, readOnly, away, onChanged }) {
  const error = run.error?.trimEnd() ?? "";
  const actions =
    !readOnly &&
    html`<${Actions} key=${run.run} run=${run} query=${query} onChanged=${onChanged} />`;
  return html`
    <p class="facts">
      ${fact("created", age(run.created_at, now.value), time(run.created_at))}
      ${run.started_at && fact("started", age(run.started_at, now.value), time(run.started_at))}
      ${took(run, now.value) && fact(run.ended_at ? "took" : "running for", took(run, now.value))}
      ${run.attempt > 1 && fact("attempt", String(run.attempt))} ${run.owner && fact("by", run.owner)}
    </p>
    ${run.stale && html`<p class="hint">Its process is gone. <code>ExistingRun.CONTINUE</code> goes on with it; or mark it as failed.</p>`}
    ${(run.stale || run.trashed) && actions}
    <${Marks} key=${run.run} run=${run} query=${query} readOnly=${readOnly} onChanged=${onChanged} />
    ${error && html`<${Section} title="Error"><pre class="error-text" tabindex="0">${error}</pre><//>`}
    <${Values} title="Result" values=${run.result ?? {}} />
    <${Section} title="Metrics"><${RunCharts} key=${run.run} project=${query.project} run=${run} /><//>
    <${Values} title="Params" values=${run.params} />
    ${run.log !== null && html`<${Section} title="Output"><${Log} key=${run.run} query=${query} size=${run.log} /><//>`}
    ${run.files.length > 0 && html`<${Section} title="Files"><${Files} key=${run.run} query=${away ? null : query} files=${run.files} /><//>`}
    <${Section} title="History"><${History} moves=${run.history} /><//>
    <${Values} title="Code and machine" values=${run.capture} />
    <${Section} title="Where it is">
      <dl class="values">
        ${!away && html`<dt>folder</dt><dd>${run.folder}</dd>`}
        <dt>in Python</dt>
        <dd>project.session_of(${JSON.stringify(run.run)})</dd>
        <dt>params key</dt>
        <dd>${run.param_hash}</dd>
      </dl>
    <//>
    ${!run.stale && !run.trashed && actions}
  `;
}

/**
 * @param {object} properties
 * @param {Run} properties.run
 * @param {{ project: string, run: string }} properties.query
 * @param {(run: Run) => void} properties.onChanged
 */
function Actions({ run, query, onChanged }) {
  const [asking, setAsking] = useState(false);
  const [error, setError] = useState("");
  /** @param {string} action */
  async function act(action) {
    setAsking(false);
    try {
      onChanged(await send("POST", "run", query, { action }));
      setError("");
    } catch (failed) {
      if (!(failed instanceof ApiError)) throw failed;
      setError(failed.message);
    }
  }
  const rests = !run.trashed && (run.status !== "running" || run.stale);
  return html`<div class="actions">
    ${run.stale && html`<button type="button" onClick=${() => act("fail")}>Mark as failed</button>`}
    ${run.trashed && html`<button type="button" onClick=${() => act("restore")}>Bring back from the trash</button>`}
    ${rests && !asking && html`<button type="button" onClick=${() => setAsking(true)}>Move to the trash</button>`}
    ${
      asking &&
      html`<span role="group" aria-label="Move it and its files to the trash?">
        Move it and its files? <button type="button" onClick=${() => act("trash")}>Yes, move</button>
        <button type="button" onClick=${() => setAsking(false)}>No</button>
      </span>`
    }
    ${error && html`<p class="failure" role="alert">${error}</p>`}
  </div>`;
}

/** @param {string} name @param {string} text @param {string} [title] */
function fact(name, text, title) {
  return html`<span title=${title}><span class="dim">${name}</span> ${text}</span>`;
}

/** @param {{ title: string, children: unknown }} properties */
function Section({ title, children }) {
  return html`<section><h3>${title}</h3>${children}</section>`;
}

/** @param {{ title: string, values: Record<string, unknown> }} properties */
function Values({ title, values }) {
  const items = flat(values);
  if (items.length === 0) return null;
  return html`<${Section} title=${title}>
    <dl class="values">
      ${items.map(([name, item]) => html`<dt>${name}</dt><dd>${typeof item === "number" ? item : value(item)}</dd>`)}
    </dl>
  <//>`;
}

/** @param {{ moves: import("./types.js").Move[] }} properties */
function History({ moves }) {
  return html`<ol class="history">
    ${moves.map(
      ({ status, at, attempt, detail, changed_params: changed }) => html`<li>
        <span class="dim">${time(at)}</span> <${StatusMark} status=${status} />
        ${attempt > 1 && html`<span class="dim">attempt ${attempt}</span>`} <span class="detail">${detail}</span>
        ${Object.entries(changed ?? {}).map(
          ([name, { before, now }]) => html`<span class="detail">${name}: ${value(before)} → ${value(now)}</span>`,
        )}
      </li>`,
    )}
  </ol>`;
}

/**
 * @param {object} properties
 * @param {Run} properties.run
 * @param {{ project: string, run: string }} properties.query
 * @param {boolean} properties.readOnly
 * @param {(run: Run) => void} properties.onChanged
 */
function Marks({ run, query, readOnly, onChanged }) {
  const [error, setError] = useState("");
  const [writing, setWriting] = useState(/** @type {string | null} */ (null));
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));

  /** @param {{ tag?: string[], untag?: string[], note?: string | null }} marks */
  async function change(marks) {
    try {
      onChanged(await send("PATCH", "run", query, marks));
      setError("");
      return true;
    } catch (failed) {
      if (!(failed instanceof ApiError)) throw failed;
      setError(failed.message);
      return false;
    }
  }

  /** @param {Event} event */
  async function addTag(event) {
    event.preventDefault();
    const words = (input.current?.value ?? "").split(/[\s,]+/).filter(Boolean);
    if (words.length && (await change({ tag: words })) && input.current) input.current.value = "";
  }

  /** @param {Event} event */
  async function saveNote(event) {
    event.preventDefault();
    if (await change({ note: writing || null })) setWriting(null);
  }

  if (readOnly && run.tags.length === 0 && !run.note) return null;
  return html`<div class="marks">
    <div class="tags">
      ${run.tags.map(
        (tag) => html`<span class="tag"
          >${tag}${
            !readOnly &&
            html`<button type="button" title=${`Take ${tag} off`} aria-label=${`Take ${tag} off`} onClick=${() => change({ untag: [tag] })}>✕</button>`
          }</span
        >`,
      )}
      ${
        !readOnly &&
        html`<form onSubmit=${addTag}>
          <input ref=${input} class="add-tag" aria-label="Add a tag" placeholder="+ tag" size="8" maxlength="64" />
        </form>`
      }
    </div>
    ${
      writing !== null
        ? html`<form class="note-form" onSubmit=${saveNote}>
            <textarea
              aria-label="Note"
              rows="3"
              maxlength="20000"
              value=${writing}
              ref=${(/** @type {HTMLTextAreaElement | null} */ element) => element?.focus()}
              onInput=${(/** @type {Event} */ event) => setWriting(/** @type {HTMLTextAreaElement} */ (event.target).value)}
              onKeyDown=${(/** @type {KeyboardEvent} */ event) => {
                if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void saveNote(event);
                if (event.key === "Escape") {
                  event.stopPropagation();
                  setWriting(null);
                }
              }}
            ></textarea>
            <button type="submit">Save</button>
            <button type="button" onClick=${() => setWriting(null)}>Cancel</button>
          </form>`
        : html`${run.note && html`<p class="note">${run.note}</p>`}
            ${
              !readOnly &&
              html`<button type="button" class="text" onClick=${() => setWriting(run.note ?? "")}>
                ${run.note ? "Edit the note" : "Write a note"}
              </button>`
            }`
    }
    ${error && html`<p class="failure" role="alert">${error}</p>`}
  </div>`;
}
