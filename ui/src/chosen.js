// The runs that are chosen, to be compared. Their names stand in the address.
import { computed, signal } from "@preact/signals";
import { ApiError, get } from "./api.js";
import { count } from "./format.js";
import { html } from "./html.js";
import { go, route } from "./route.js";

/** As many as the server compares. */
export const MOST = 500;
/** How wide the column of boxes is, in pixels. */
export const PICK = 30;
// A part of a run's name is never empty.
const BETWEEN = "//";

/** In the order in which they were chosen. */
export const chosen = computed(() => {
  const named = (route.value.pick ?? "").split(BETWEEN).filter(Boolean);
  return [...new Set(named)].slice(0, MOST);
});
const names = computed(() => new Set(chosen.value));
const error = signal("");

/** @param {string | undefined} run */
export function isChosen(run) {
  return run !== undefined && names.value.has(run);
}

/** @param {string[]} runs */
export function choose(runs) {
  const some = [...new Set(runs)].slice(0, MOST);
  go({ pick: some.length ? some.join(BETWEEN) : undefined }, { replace: true });
}

/** @param {string} run */
export function toggle(run) {
  choose(isChosen(run) ? chosen.value.filter((name) => name !== run) : [...chosen.value, run]);
}

/** @param {(string | undefined)[]} runs */
export function chooseAlso(runs) {
  choose([...chosen.value, ...runs.filter((run) => run !== undefined)]);
}

export function compare() {
  if (chosen.value.length) go({ view: "compare", run: undefined });
}

/** @param {Record<string, string | undefined>} query What `/api/runs` is asked. */
async function chooseListed(query) {
  try {
    const { runs } = await get("runs", { ...query, offset: 0, limit: MOST });
    chooseAlso(runs.map((/** @type {{ run: string }} */ row) => row.run));
    error.value = "";
  } catch (failed) {
    if (!(failed instanceof ApiError)) throw failed;
    error.value = failed.message;
  }
}

/** The box in the head of the table. @param {{ query: Record<string, string | undefined> }} properties */
export function PickHead({ query }) {
  const some = chosen.value.length > 0;
  const title = some ? "Choose none" : `Choose all that are listed, ${MOST} at most`;
  return html`<div class="cell is-pick" role="columnheader">
    <input
      type="checkbox"
      tabindex="-1"
      aria-label=${title}
      title=${title}
      checked=${some}
      ref=${(/** @type {HTMLInputElement | null} */ box) => {
        if (box) box.indeterminate = some;
      }}
      onClick=${() => (some ? choose([]) : chooseListed(query))}
    />
  </div>`;
}

/**
 * The box of a run.
 * @param {string | undefined} run
 * @param {boolean} picked
 * @param {(event: MouseEvent) => void} onPick
 */
export function pickCell(run, picked, onPick) {
  return html`<div
    class="cell is-pick"
    role="gridcell"
    onClick=${(/** @type {MouseEvent} */ event) => {
      event.stopPropagation();
      onPick(event);
    }}
  >
    ${run !== undefined && html`<input type="checkbox" tabindex="-1" aria-label=${`Choose ${run}`} checked=${picked} />`}
  </div>`;
}

/** What can be done with the runs that are chosen. */
export function PickBar() {
  const number = chosen.value.length;
  if (error.value) return html`<p class="failure" role="alert">${error.value}</p>`;
  if (number === 0) return null;
  return html`<div class="pick-bar" role="group" aria-label="Chosen runs">
    <span role="status">${count(number)} chosen</span>
    <button type="button" class="main" title="c does the same" onClick=${compare}>
      ${number === 1 ? "Look at its curves" : "Compare"}
    </button>
    <button type="button" onClick=${() => choose([])}>Choose none</button>
  </div>`;
}
