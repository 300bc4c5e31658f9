// The runs of a sweep as a grid by two params, coloured by status or by what they found.
import { shareOf, tint } from "./charts/scale.js";
import { count, value } from "./format.js";
import { html } from "./html.js";
import { go } from "./route.js";

/** @typedef {import("./types.js").Sweep} Sweep */
/** @typedef {import("./types.js").GridCell} GridCell */
/** @typedef {import("./types.js").Axis} Axis */

const ORDER = /** @type {const} */ (["done", "running", "error", "pending"]);

/** @param {{ sweep: Sweep }} properties */
export function Grid({ sweep }) {
  const { grid } = sweep;
  if (grid === null)
    return html`<section>
      <h3>Grid</h3>
      <p class="dim">No param differs between these runs: there is nothing to lay out.</p>
    </section>`;
  const places = new Map(grid.cells.map((each) => [`${each.x},${each.y}`, each]));
  const means = grid.cells.flatMap(({ mean }) => (mean === null ? [] : [mean]));
  const range = /** @type {[number, number]} */ ([Math.min(...means), Math.max(...means)]);
  const rows = grid.y ? grid.y.values : [null];
  return html`<section aria-label="Grid">
    <div class="grid-bar">
      <h3>Grid</h3>
      <${Pick} label="across" value=${grid.x.name} options=${sweep.params.map(({ name }) => name)} onPick=${(/** @type {string} */ gx) => go({ gx })} />
      <${Pick} label="down" value=${grid.y?.name ?? ""} none="nothing" options=${sweep.params.map(({ name }) => name)} onPick=${(/** @type {string} */ gy) => go({ gy })} />
      <${Pick} label="colour" value=${sweep.of ?? ""} none="status" options=${sweep.measures} onPick=${(/** @type {string} */ of) => go({ of: of || undefined })} />
      ${sweep.of === null ? html`<${StatusKey} />` : means.length > 0 && html`<${Scale} range=${range} />`}
    </div>
    <div class="wide" tabindex="0" role="region" aria-label="Runs by params">
      <table class="grid">
        <thead>
          <tr>
            <td class="corner">
              ${grid.y && html`<span class="axis-y">${grid.y.name}</span>`}<span class="axis-x">${grid.x.name}</span>
            </td>
            ${grid.x.values.map((each) => html`<th scope="col">${label(each)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (each, y) => html`<tr>
              <th scope="row">${grid.y ? label(each) : ""}</th>
              ${grid.x.values.map((_, x) => html`<${Cell} cell=${places.get(`${x},${y}`)} grid=${grid} of=${sweep.of} range=${range} />`)}
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${[grid.x, grid.y].map(
      (axis) => axis && axis.left_out > 0 && html`<p class="dim">${count(axis.left_out)} more values of ${axis.name} do not fit: choose another param, or filter the runs.</p>`,
    )}
  </section>`;
}

/**
 * @param {object} properties
 * @param {GridCell | undefined} properties.cell
 * @param {NonNullable<Sweep["grid"]>} properties.grid
 * @param {string | null} properties.of
 * @param {[number, number]} properties.range
 */
function Cell({ cell, grid, of, range }) {
  if (!cell) return html`<td class="nothing" title="No run has these params"></td>`;
  const at = [grid.x, grid.y]
    .map((axis, side) => axis && `${axis.name} = ${label(axis.values[side ? cell.y : cell.x])}`)
    .filter(Boolean)
    .join(", ");
  const counts = ORDER.flatMap((each) => (cell.counts[each] ? [`${cell.counts[each]} ${each}`] : [])).join(", ");
  const mean = cell.mean === null ? "" : `; ${of} ${value(cell.mean)}${cell.total > 1 ? " on average" : ""}`;
  const said = `${at}: ${counts}${cell.stale ? `, ${cell.stale} of them stale` : ""}${mean}`;
  const text = of === null ? (cell.total > 1 ? count(cell.total) : "") : cell.mean === null ? "" : value(cell.mean);
  const style = { background: of === null ? strip(cell) : heat(cell.mean, range) };
  return html`<td>
    <button type="button" class=${of !== null && cell.mean === null ? "unknown" : ""} style=${style} title=${said} aria-label=${said} onClick=${() => show(cell)}>
      ${text && html`<span>${text}</span>`}
    </button>
  </td>`;
}

/** Open the run, or list the runs. @param {GridCell} cell */
function show(cell) {
  if (cell.run !== null) go({ run: cell.run });
  else if (cell.where !== null) go({ view: undefined, where: cell.where, status: undefined, trashed: undefined });
}

/** A strip per status, as wide as there are runs. @param {GridCell} cell */
function strip({ counts, stale, total }) {
  const running = counts.running ?? 0;
  const parts = /** @type {[string, number][]} */ ([
    ["done", counts.done ?? 0],
    ["running", running - stale],
    ["stale", stale],
    ["error", counts.error ?? 0],
    ["pending", counts.pending ?? 0],
  ]).filter(([, number]) => number > 0);
  let at = 0;
  const stops = parts.map(([name, number]) => {
    const from = at;
    at += (100 * number) / total;
    return `var(--cell-${name}) ${from}% ${at}%`;
  });
  return `linear-gradient(90deg, ${stops.join(", ")})`;
}

/** @param {number | null} mean @param {[number, number]} range */
function heat(mean, [low, high]) {
  return mean === null ? "none" : tint(shareOf(mean, low, high), "--heat-");
}

/** @param {{ range: [number, number] }} properties */
function Scale({ range: [low, high] }) {
  return html`<span class="scale"><span>${value(low)}</span><i aria-hidden="true"></i><span>${value(high)}</span></span>`;
}

function StatusKey() {
  return html`<span class="key">
    ${[...ORDER, "stale"].map((each) => html`<span><i class=${each} aria-hidden="true"></i>${each}</span>`)}
  </span>`;
}

/**
 * @param {object} properties
 * @param {string} properties.label
 * @param {string} properties.value
 * @param {string} [properties.none] What it is called to choose none.
 * @param {string[]} properties.options
 * @param {(chosen: string) => void} properties.onPick
 */
function Pick({ label: text, value: chosen, none, options, onPick }) {
  const all = chosen && !options.includes(chosen) ? [...options, chosen] : options;
  return html`<label
    ><span class="dim">${text}</span>
    <select value=${chosen} onChange=${(/** @type {Event} */ event) => onPick(/** @type {HTMLSelectElement} */ (event.target).value)}>
      ${none !== undefined && html`<option value="">${none}</option>`} ${all.map((each) => html`<option value=${each}>${each}</option>`)}
    </select></label
  >`;
}

/** @param {import("./types.js").Cell | undefined} item */
function label(item) {
  return item === null || item === undefined ? "none" : value(item);
}
