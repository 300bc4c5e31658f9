// Which columns a table of runs has, and how wide they are.
import { duration, value } from "./format.js";

/** @typedef {import("./types.js").Row} Row */
/** @typedef {import("./types.js").Cell} Cell */

/**
 * @typedef {object} Column
 * @property {string} id
 * @property {"run" | "status" | "created" | "took" | "tags" | "result" | "params"} kind
 * @property {string} name
 * @property {number} width In pixels.
 * @property {{ width: string }} style The same for each of its cells.
 * @property {boolean} right Whether it holds numbers.
 */

const LETTER = 7.3;
const PADDING = 22;
const NARROWEST = 56;
const WIDEST = 240;

/**
 * The columns for *rows*: what a run found, then the params that differ, then those that do not.
 * Columns that were there stay where they are.
 * @param {Row[]} rows
 * @param {Column[]} before
 * @returns {Column[]}
 */
export function columnsOf(rows, before = []) {
  const known = new Set(before.map((column) => column.id));
  const columns = before.length ? [...before] : fixed(rows);
  for (const kind of /** @type {const} */ (["result", "params"])) {
    for (const name of byInterest(rows, kind)) {
      if (!known.has(`${kind}.${name}`)) columns.push(named(kind, name, rows));
    }
  }
  return columns;
}

/** @param {Row} row @param {Column} column @returns {Cell | undefined} */
export function cell(row, column) {
  if (column.kind === "result" || column.kind === "params") return row[column.kind][column.name];
  return undefined;
}

/** @param {Row[]} rows @returns {Column[]} */
function fixed(rows) {
  const longest = rows.reduce((most, row) => Math.max(most, row.run.length), 10);
  const tags = rows.reduce((most, row) => Math.max(most, row.tags.join("    ").length), 0);
  return [
    column("run", "run", width(longest, 320)),
    column("status", "status", 96),
    column("created", "created", 100, true),
    column("took", "took", 76, true),
    ...(tags ? [column("tags", "tags", width(tags, 240))] : []),
  ];
}

/**
 * @param {Column["kind"]} kind
 * @param {string} name
 * @param {number} width
 * @returns {Column}
 */
function column(kind, name, width, right = false) {
  const id = kind === name ? kind : `${kind}.${name}`;
  return { id, kind, name, width, right, style: { width: `${width}px` } };
}

/** @param {Row[]} rows @param {"result" | "params"} kind */
function byInterest(rows, kind) {
  /** @type {Map<string, Cell>} */
  const first = new Map();
  const differing = new Set();
  for (const row of rows) {
    for (const [name, item] of Object.entries(row[kind])) {
      if (!first.has(name)) first.set(name, item);
      else if (first.get(name) !== item) differing.add(name);
    }
  }
  const names = [...first.keys()];
  return [
    ...names.filter((name) => differing.has(name)),
    ...names.filter((name) => !differing.has(name)),
  ];
}

/** @param {"result" | "params"} kind @param {string} name @param {Row[]} rows @returns {Column} */
function named(kind, name, rows) {
  const items = rows.map((row) => row[kind][name]).filter((item) => item !== undefined);
  const longest = items.reduce((/** @type {number} */ most, item) => {
    return Math.max(most, value(item).length);
  }, name.length);
  const right = items.length > 0 && items.every((item) => typeof item === "number");
  return column(kind, name, width(longest, WIDEST), right);
}

/** @param {number} letters @param {number} most */
function width(letters, most) {
  return Math.round(Math.min(Math.max(letters * LETTER + PADDING, NARROWEST), most));
}

/** Whether *text* may not fit; what is no mere text may not. @param {string | undefined} text @param {Column} column */
export function tooLong(text, { width, kind }) {
  if (text === undefined) return kind === "run" || kind === "tags";
  return !ASCII.test(text) || text.length * LETTER + PADDING > width;
}

const ASCII = /^[ -~]*$/;
const PLAIN = /^[A-Za-z_]\w*$/;

/**
 * What a column is sorted by, in the words of filters: result.loss, params["val/loss"].
 * @param {Column} column
 */
export function sortWord(column) {
  if (column.kind === "took") return "seconds";
  if (column.kind !== "result" && column.kind !== "params") return undefined;
  const steps = column.name
    .split(".")
    .map((part) => (PLAIN.test(part) ? `.${part}` : `[${JSON.stringify(part)}]`));
  return `${column.kind}${steps.join("")}`;
}

/** How long the latest attempt took, or has taken so far. @param {import("./types.js").Common} row @param {number} now */
export function took(row, now) {
  if (row.seconds !== null) return duration(row.seconds);
  if (row.status !== "running" || row.stale || row.started_at === null) return "";
  return duration((now - new Date(row.started_at).getTime()) / 1000);
}
