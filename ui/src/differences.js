// The table above a comparison: what is different between the runs, and folded what is not.
import { useState } from "preact/hooks";
import { choose, MOST } from "./chosen.js";
import { count, value } from "./format.js";
import { html } from "./html.js";
import { go, route } from "./route.js";
import { StatusMark } from "./status.js";

/** @typedef {import("./types.js").Compared} Compared */
/** @typedef {import("./types.js").Cell} Cell */
/** @typedef {import("./charts/fields.js").Field} Field */

const KINDS = { params: "params", result: "result", metrics: "metrics, last value" };
const MOST_METRICS = 12;
const ROWS_AT_ONCE = 500;

/**
 * @param {object} properties
 * @param {Compared[]} properties.runs
 * @param {Field[]} properties.fields
 * @param {(run: string) => string} properties.colourOf
 * @param {(run: string | null) => void} properties.onPoint
 */
export function Differences({ runs, fields, colourOf, onPoint }) {
  const [sort, setSort] = useState({ id: "", down: false });
  const [most, setMost] = useState(ROWS_AT_ONCE);
  const last = fields.filter((field) => field.kind !== "metrics" || !field.id.includes(":"));
  const many = last.filter((field) => field.kind === "metrics");
  const shown = last.filter((field) => field.varies && (field.kind !== "metrics" || many.indexOf(field) < MOST_METRICS));
  const same = last.filter((field) => !field.varies && field.kind === "params");
  const by = shown.find((field) => field.id === sort.id);
  const order = runs.map((_, at) => at);
  if (by) order.sort((a, b) => compared(by.values[a], by.values[b]) * (sort.down ? -1 : 1));
  const kinds = /** @type {const} */ (["params", "result", "metrics"]).map((kind) => ({
    kind,
    columns: shown.filter((field) => field.kind === kind),
  }));
  return html`<section class="differences" aria-label="Differences">
    <div class="scroller" tabindex="0" role="region" aria-label="What differs between the runs">
      <table>
        <thead>
          <tr>
            <th scope="col" class="who" rowspan="2">run</th>
            <th scope="col" rowspan="2">status</th>
            ${kinds.map(({ kind, columns }) => columns.length > 0 && html`<th scope="colgroup" colspan=${columns.length} class="kind">${KINDS[kind]}</th>`)}
          </tr>
          <tr>
            ${kinds.flatMap(({ columns }) =>
              columns.map(
                (field, at) => html`<th
                  scope="col"
                  class=${`${field.number ? "right" : ""} ${at === 0 ? "first" : ""}`}
                  aria-sort=${sort.id === field.id ? (sort.down ? "descending" : "ascending") : undefined}
                >
                  <button type="button" onClick=${() => setSort({ id: field.id, down: sort.id === field.id && !sort.down })}>
                    ${field.name}${sort.id === field.id && html`<span class="arrow" aria-hidden="true">${sort.down ? "↓" : "↑"}</span>`}
                  </button>
                </th>`,
              ),
            )}
          </tr>
        </thead>
        <tbody>
          ${order.slice(0, most).map((at) => {
            const run = /** @type {Compared} */ (runs[at]);
            return html`<tr
              key=${run.run}
              class=${route.value.run === run.run ? "open" : ""}
              onMouseEnter=${() => onPoint(run.run)}
              onMouseLeave=${() => onPoint(null)}
            >
              <th scope="row" class="who">
                <span class="swatch" style=${{ background: colourOf(run.run) }}></span>
                <button type="button" class="text" title="Open the run" onClick=${() => go({ run: run.run }, { replace: route.value.run !== undefined })}>${run.run}</button>
                ${
                  runs.length <= MOST &&
                  html`<button
                    type="button"
                    class="plain out"
                    title="Leave it out"
                    aria-label=${`Leave ${run.run} out`}
                    onClick=${() => choose(runs.map((each) => each.run).filter((name) => name !== run.run))}
                  >
                    ✕
                  </button>`
                }
              </th>
              <td><${StatusMark} status=${run.status} stale=${run.stale} hint=${run.error} /></td>
              ${kinds.flatMap(({ columns }) =>
                columns.map(
                  (field, column) => html`<td class=${`${field.number ? "right" : ""} ${column === 0 ? "first" : ""}`}>${text(field.values[at])}</td>`,
                ),
              )}
            </tr>`;
          })}
        </tbody>
      </table>
    </div>
    ${
      runs.length > most &&
      html`<p>
        The first ${count(most)} of ${count(runs.length)} runs.
        <button type="button" class="text link" onClick=${() => setMost(most + ROWS_AT_ONCE)}>Show more</button>
      </p>`
    }
    ${
      runs.length > 1 &&
      same.length > 0 &&
      html`<details>
        <summary>${same.length === 1 ? "1 param is" : `${same.length} params are`} the same in all</summary>
        <dl class="values">${same.map((field) => html`<dt>${field.name}</dt><dd>${text(field.values[0])}</dd>`)}</dl>
      </details>`
    }
  </section>`;
}

/** @param {Cell | undefined} item */
function text(item) {
  return item === undefined ? "" : value(item);
}

/** Numbers by size, then text by name, then what is not there. @param {Cell | undefined} a @param {Cell | undefined} b */
function compared(a, b) {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  if (typeof a === "number" && typeof b === "number") return a - b;
  return value(a).localeCompare(value(b), "en", { numeric: true });
}
