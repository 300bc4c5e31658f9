// The mean of a value over two params, as a table whose cells have colours.
import { value } from "../format.js";
import { html } from "../html.js";
import { go, route } from "../route.js";
import { dark } from "./colours.js";
import { likely } from "./fields.js";
import { FieldPick } from "./pick.js";
import { bins, shareOf, tint } from "./scale.js";

/** @typedef {import("../types.js").Compared} Compared */
/** @typedef {import("./scale.js").Bin} Bin */
/** @typedef {import("./fields.js").Field} Field */

/** @param {{ runs: Compared[], fields: Field[] }} properties */
export function Heatmap({ runs, fields }) {
  const params = fields.filter((field) => field.kind === "params");
  const numbers = fields.filter((field) => field.number);
  const of = (/** @type {string | undefined} */ id, /** @type {Field[]} */ among) => among.find((field) => field.id === id);
  const across = of(route.value.fx, params) ?? likely(params, "input");
  const down = of(route.value.fy, params) ?? likely(params, "input", across ? [across.id] : []);
  const shown = of(route.value.fz, numbers) ?? likely(numbers, "outcome");
  if (!across || !down || !shown || across === down) {
    return html`<div class="empty">
      <h2>Nothing to lay out</h2>
      <p>A heatmap needs runs with two params, and a number that was found: <code>run.result = {"loss": 0.1}</code>, or a metric.</p>
    </div>`;
  }
  const [columns, rows] = [bins(across), bins(down)];
  const cells = rows.map((row) => columns.map((column) => summary(runs, { across, down, shown }, column, row)));
  const means = cells.flat().flatMap((cell) => (cell.mean === null ? [] : [cell.mean]));
  const [low, high] = [Math.min(...means), Math.max(...means)];
  // Where black and white are read equally well, with a contrast of 4.5 to 1 or more.
  const turn = dark.value ? 0.57 : 0.69;
  /** @param {"fx" | "fy" | "fz"} name */
  const pick = (name) => (/** @type {string} */ id) => go({ [name]: id }, { replace: true });
  return html`<section aria-label="Heatmap">
    <div class="chart-controls">
      <${FieldPick} label="Across" fields=${params} value=${across.id} onPick=${pick("fx")} />
      <${FieldPick} label="Down" fields=${params} value=${down.id} onPick=${pick("fy")} />
      <${FieldPick} label="Mean of" fields=${numbers} value=${shown.id} onPick=${pick("fz")} />
      ${means.length > 0 && html`<span class="ramp">${value(low)} <i style=${{ background: `linear-gradient(to right, ${tint(0)}, ${tint(1)})` }}></i> ${value(high)}</span>`}
    </div>
    <div class="scroller heat" tabindex="0" role="region" aria-label="Heatmap">
      <table>
        <caption class="hidden">
          The mean of ${shown.name} by ${down.name} and ${across.name}
        </caption>
        <thead>
          <tr>
            <td></td>
            <th scope="colgroup" colspan=${columns.length} class="axis-name">${across.name}</th>
          </tr>
          <tr>
            <th scope="col" class="axis-name">${down.name}</th>
            ${columns.map((column) => html`<th scope="col">${column.text}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row, at) => html`<tr>
              <th scope="row">${row.text}</th>
              ${(cells[at] ?? []).map((cell) => {
                if (cell.mean === null) return html`<td class="none" title=${cell.title}>${cell.runs ? "–" : ""}</td>`;
                const share = shareOf(cell.mean, low, high);
                return html`<td class=${share > turn ? "strong" : "pale"} style=${{ background: tint(share) }} title=${cell.title}>${value(cell.mean)}</td>`;
              })}
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
    <p class="dim">Each cell is the mean over its runs; pointing at one names them.</p>
  </section>`;
}

/**
 * @param {Compared[]} runs
 * @param {{ across: Field, down: Field, shown: Field }} fields
 * @param {Bin} column
 * @param {Bin} row
 */
function summary(runs, { across, down, shown }, column, row) {
  const inside = runs.map((_, at) => at).filter((at) => column.holds(across.values[at]) && row.holds(down.values[at]));
  const numbers = inside.map((at) => shown.values[at]).filter((item) => typeof item === "number");
  const mean = numbers.length ? numbers.reduce((sum, item) => sum + item, 0) / numbers.length : null;
  const names = inside.map((at) => `${runs[at]?.run}  ${shown.values[at] === undefined ? "–" : value(shown.values[at])}`);
  return { mean, runs: inside.length, title: names.join("\n") || "No run" };
}
