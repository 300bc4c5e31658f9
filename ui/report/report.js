// A report: runs side by side and each by itself, as the page shows them, in a file of its own.
import { render } from "preact";
import { useMemo } from "preact/hooks";
import { answerWith } from "../src/api.js";
import { choose, chosen } from "../src/chosen.js";
import { Comparison, Ways } from "../src/comparison.js";
import { count, time, value } from "../src/format.js";
import { html } from "../src/html.js";
import { listen } from "../src/keys.js";
import { go, route } from "../src/route.js";
import { RunPanel } from "../src/run.js";
import { Theme } from "../src/theme.js";
import { answeringFrom, unpacked } from "./kept.js";

/** @typedef {import("./kept.js").Kept} Kept */
/** @typedef {import("../src/types.js").Compared} Compared */

/** @param {{ kept: Kept }} properties */
function Report({ kept }) {
  const { find = "", run } = route.value;
  const texts = useMemo(() => kept.runs.map(({ compared }) => textOf(compared)), [kept]);
  const picked = chosen.value;
  const shown = useMemo(() => {
    const words = find.toLowerCase().split(/\s+/).filter(Boolean);
    const among = new Set(picked);
    return kept.runs
      .filter(({ compared }, at) => (!among.size || among.has(compared.run)) && words.every((word) => texts[at]?.includes(word)))
      .map(({ compared }) => compared);
  }, [kept, find, picked]);
  return html`<div class="desk report">
    <main>
      <header class="top">
        <span class="brand">${kept.project}</span>
        <span class="dim" role="status" title=${`As of ${time(kept.made_at)}`}>
          ${shown.length < kept.runs.length ? `${count(shown.length)} of ` : ""}${count(kept.runs.length)} runs, as of ${time(kept.made_at).slice(0, 16)}
        </span>
        <input
          class="find"
          type="search"
          aria-label="Find runs"
          placeholder="Find: lr=0.01 done"
          title="Runs with all of these words in their names, statuses, tags, notes, params or results (/)"
          value=${find}
          onInput=${(/** @type {Event} */ event) => go({ find: /** @type {HTMLInputElement} */ (event.target).value || undefined }, { replace: true })}
        />
        ${picked.length > 0 && html`<button type="button" class="quiet-button" onClick=${() => choose([])}>All runs again</button>`}
        <${Ways} /><${Theme} />
      </header>
      <div class="compare">
        <div class="compare-body">
          ${kept.left_out > 0 && html`<p class="hint">There was no room for ${count(kept.left_out)} of the curves: make a report of fewer runs.</p>`}
          ${shown.length > 0 ? html`<${Comparison} project=${kept.project} runs=${shown} />` : html`<${NoRuns} kept=${kept} />`}
        </div>
      </div>
    </main>
    ${run !== undefined && html`<${RunPanel} project=${kept.project} name=${run} readOnly=${true} away=${true} onClose=${close} />`}
  </div>`;
}

/** @param {{ kept: Kept }} properties */
function NoRuns({ kept }) {
  if (kept.runs.length === 0) return html`<div class="empty"><h2>No runs</h2><p>The report was made of none.</p></div>`;
  return html`<div class="empty">
    <h2>No such runs</h2>
    <p>No run has all of these words in it.</p>
    <button type="button" onClick=${() => go({ find: undefined, pick: undefined })}>Show every run</button>
  </div>`;
}

/** What is looked through for words. @param {Compared} run */
function textOf(run) {
  const pairs = Object.entries({ ...run.params, ...run.result }).map(([name, item]) => `${name}=${item === null ? "null" : value(item)}`);
  return [run.run, run.stale ? "stale" : run.status, ...run.tags, run.note ?? "", run.error ?? "", ...pairs].join("\n").toLowerCase();
}

function close() {
  go({ run: undefined });
}

listen(".find", close);

async function start() {
  const kept = await unpacked(document.getElementById("data")?.textContent ?? "");
  answerWith(answeringFrom(kept));
  document.title = `${kept.project}: ${count(kept.runs.length)} runs`;
  // It is the page at its comparison, of all runs unless some are chosen.
  if (route.value.view === undefined) go({ view: "compare" }, { replace: true });
  render(html`<${Report} kept=${kept} />`, document.body);
}

void start();
