// The runs of a list by one of their values: how many, and the means of what they found.
import { useState } from "preact/hooks";
import { useAnswer } from "./answer.js";
import { useColumns } from "./choose.js";
import { PICK, isChosen, toggle } from "./chosen.js";
import { count, duration, number, value } from "./format.js";
import { html } from "./html.js";
import { listed } from "./route.js";
import { StatusMark } from "./status.js";
import { Head, line } from "./table.js";

/** @typedef {import("./types.js").Group} Group */
/** @typedef {import("./types.js").Groups} Found */
/** @typedef {import("./columns.js").Column} Column */

// Of a group that is open; all of it is a click away.
const MOST_ROWS = 50;
const STATUSES = /** @type {const} */ (["done", "running", "error", "pending"]);

/**
 * @typedef {object} Properties
 * @property {import("./listing.js").Listing} listing
 * @property {string | undefined} open The run that is open.
 * @property {import("./route.js").Route} route
 * @property {string} project
 * @property {(run: string) => void} onOpen
 * @property {(sorting: import("./table.js").Sorting) => void} onOrder
 * @property {(where: string) => void} onList Show the runs that a filter describes.
 */

/** @param {Properties} properties */
export function Groups({ listing, open, route, project, onOpen, onOrder, onList }) {
  const columns = useColumns(listing, route.cols);
  const { by = "" } = route;
  const { sort: _sort, order: _order, ...query } = listed(route);
  const { found, error } = useAnswer("groups", { ...query, project, by });
  const [opened, setOpened] = useState(/** @type {ReadonlySet<string>} */ (new Set()));
  if (error?.status === 400) return html`<div class="failure" role="alert">${error.message} Choose another value to group by.</div>`;
  if (!found) return html`<div class="empty dim" role="status">Reading the runs…</div>`;
  const { groups, left_out, by: name } = /** @type {Found} */ (found.value);
  const word = name.replace(/^params\./, "");
  const width = columns.reduce((sum, column) => sum + column.width, PICK);
  /** @param {string} id */
  const turn = (id) => {
    const next = new Set(opened);
    if (!next.delete(id)) next.add(id);
    setOpened(next);
  };
  return html`<div class="table groups" role="treegrid" tabindex="0" aria-label=${`Runs by ${word}`} aria-colcount=${columns.length + 1}>
    <div class="head" role="row" style=${{ minWidth: `${width}px` }}>
      <div class="cell is-pick" role="columnheader"><span class="hidden">Chosen</span></div>
      ${columns.map((column) => html`<${Head} column=${column} route=${route} onOrder=${onOrder} />`)}
    </div>
    ${groups.map((group) => {
      const id = JSON.stringify(group.value);
      const isOpen = opened.has(id);
      return html`<${GroupRow} key=${id} word=${word} group=${group} columns=${columns} isOpen=${isOpen} onTurn=${() => turn(id)} />
        ${isOpen && html`<${Members} key=${`${id} runs`} group=${group} columns=${columns} open=${open} query=${{ ...listed(route), project }} onOpen=${onOpen} onList=${onList} />`}`;
    })}
    ${left_out > 0 && html`<p class="more dim">${count(left_out)} more groups are not shown: filter the runs, or group by something else.</p>`}
  </div>`;
}

/** @param {{ word: string, group: Group, columns: Column[], isOpen: boolean, onTurn: () => void }} properties */
function GroupRow({ word, group, columns, isOpen, onTurn }) {
  const shown = group.value === null ? "none" : value(group.value);
  return html`<div class="line group" role="row" aria-level="1" aria-expanded=${isOpen} onClick=${group.where === null ? undefined : onTurn}>
    <div class="cell is-pick" role="gridcell"></div>
    ${columns.map((column) => {
      const kind = `cell is-${column.kind}${column.right ? " right" : ""} cut`;
      return html`<div class=${kind} role="gridcell" style=${column.style}>
        ${
          column.kind === "run"
            ? html`<button type="button" class="text" disabled=${group.where === null} title=${group.where ?? "No filter describes these runs"} aria-label=${`${word} = ${shown}, ${group.total} runs`}>
                <span class="twist" aria-hidden="true">${isOpen ? "▾" : "▸"}</span><b>${shown}</b> <span class="dim">${count(group.total)}</span>
              </button>`
            : inGroup(group, column)
        }
      </div>`;
    })}
  </div>`;
}

/** What a group has in a column. @param {Group} group @param {Column} column */
function inGroup(group, column) {
  if (column.kind === "status") {
    const stale = group.stale;
    const running = (group.counts.running ?? 0) - stale;
    return html`<span class="tally">
      ${STATUSES.map((status) => {
        const many = status === "running" ? running : (group.counts[status] ?? 0);
        return many > 0 && html`<span class=${`status ${status}`} title=${`${count(many)} ${status}`}><${StatusMark} status=${status} short=${true} />${count(many)}</span>`;
      })}
      ${stale > 0 && html`<span class="status stale" title=${`${count(stale)} stale`}><${StatusMark} status="running" stale=${true} short=${true} />${count(stale)}</span>`}
    </span>`;
  }
  if (column.kind === "took") {
    const mean = group.means.seconds;
    return mean === undefined ? "" : html`<span title="on average">⌀ ${duration(mean)}</span>`;
  }
  const mean = group.means[`${column.kind === "last" ? "metrics" : column.kind}.${column.name}`];
  return mean === undefined ? "" : html`<span title=${`on average: ${mean}`}>${number(mean)}</span>`;
}

/**
 * The first runs of a group.
 * @param {object} properties
 * @param {Group} properties.group
 * @param {Column[]} properties.columns
 * @param {string | undefined} properties.open
 * @param {Record<string, string | undefined>} properties.query
 * @param {(run: string) => void} properties.onOpen
 * @param {(where: string) => void} properties.onList
 */
function Members({ group, columns, open, query, onOpen, onList }) {
  const where = query.where === undefined ? (group.where ?? "") : `(${query.where}) and ${group.where}`;
  const { found, error } = useAnswer("runs", { ...query, where, limit: String(MOST_ROWS) });
  if (error) return html`<p class="more failure" role="alert">${error.message}</p>`;
  if (!found) return html`<p class="more dim" role="status">Reading the runs…</p>`;
  const rows = /** @type {import("./types.js").Row[]} */ (found.value.runs);
  return html`${rows.map((row, index) => {
    const shown = { row, columns, active: false, open: row.run === open, picked: isChosen(row.run) };
    /** @type {(index: number, event: MouseEvent, box?: boolean) => void} */
    const onClick = (_, event, box) => (box || event.ctrlKey || event.metaKey ? toggle(row.run) : onOpen(row.run));
    return line(index, shown, { current: onClick }, `${group.where}-${row.run}`);
  })}
  ${group.total > rows.length && html`<p class="more"><button type="button" class="text link" onClick=${() => onList(where)}>Show all ${count(group.total)} runs</button></p>`}`;
}
