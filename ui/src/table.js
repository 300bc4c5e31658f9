// The table of runs: as long as there are runs, and only what is seen of it is there.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useColumns } from "./choose.js";
import { PICK, PickHead, chooseAlso, compare, isChosen, pickCell, toggle } from "./chosen.js";
import { cell, sortWord, tooLong, took } from "./columns.js";
import { age, count, time, value } from "./format.js";
import { html } from "./html.js";
import { now } from "./live.js";
import { ROW, isSame, partOf, scale, tall } from "./part.js";
import { StatusMark } from "./status.js";

/** @typedef {import("./types.js").Row} Row */
/** @typedef {import("./columns.js").Column} Column */
/** @typedef {import("./listing.js").Listing} Listing */

/** @typedef {{ sort: string | undefined, order: string | undefined }} Sorting */

/**
 * @param {object} properties
 * @param {Listing} properties.listing
 * @param {string | undefined} properties.open The run that is open.
 * @param {import("./route.js").Route} properties.route How it is sorted.
 * @param {(run: string) => void} properties.onOpen
 * @param {(sorting: Sorting) => void} properties.onOrder
 */
export function Table({ listing, open, route, onOpen, onOrder }) {
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  const [active, setActive] = useState(0);
  const columns = useColumns(listing, route.cols);
  const total = listing.total.value ?? 0;
  void listing.version.value;

  const { first, last, shift, fits, body } = usePart(box, total);
  const faster = scale(total, body);
  useEffect(() => listing.need(first, Math.max(last, 1)), [listing, first, last]);

  useEffect(() => {
    setActive(0);
    box.current?.scrollTo(0, 0);
  }, [listing]);

  useSteadyRows(listing, box, setActive, faster);

  /** @param {number} index */
  function show(index) {
    const to = Math.max(0, Math.min(index, total - 1));
    setActive(to);
    const element = box.current;
    if (!element) return;
    const top = (to * ROW) / faster;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + ROW > element.scrollTop + body) element.scrollTop = top + ROW - body;
    // What is open follows the eye.
    const row = listing.row(to);
    if (open !== undefined && row) onOpen(row.run);
  }

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const steps = /** @type {Record<string, number>} */ ({
      ArrowDown: active + 1,
      j: active + 1,
      ArrowUp: active - 1,
      k: active - 1,
      PageDown: active + fits - 1,
      PageUp: active - fits + 1,
      Home: 0,
      End: total - 1,
    });
    const step = steps[event.key];
    if (step !== undefined) show(step);
    else if (event.key === "Enter") openRow(active);
    else if (event.key === " " || event.key.toLowerCase() === "x") pickRow(active, event.shiftKey);
    else if (event.key === "c") compare();
    else if (event.key === "ArrowLeft") box.current?.scrollBy(-120, 0);
    else if (event.key === "ArrowRight") box.current?.scrollBy(120, 0);
    else return;
    event.preventDefault();
  }

  /** @param {number} index */
  function openRow(index) {
    const row = listing.row(index);
    if (!row) return;
    setActive(index);
    onOpen(row.run);
  }

  /** Choose a run, or all from the one before to it. @param {number} index @param {boolean} upTo */
  function pickRow(index, upTo) {
    const run = listing.row(index)?.run;
    if (run === undefined) return;
    setActive(index);
    const from = upTo ? (picked.current ?? active) : index;
    picked.current = index;
    if (!upTo) return toggle(run);
    const [low, high] = [Math.min(from, index), Math.max(from, index)];
    chooseAlso(Array.from({ length: high - low + 1 }, (_, at) => listing.row(low + at)?.run));
  }

  const picked = useRef(/** @type {number | null} */ (null));
  const opener = useRef(onClick);
  opener.current = onClick;
  /** @param {number} index @param {MouseEvent} event @param {boolean} [box] */
  function onClick(index, event, box = false) {
    if (box || event.shiftKey || event.ctrlKey || event.metaKey) pickRow(index, event.shiftKey);
    else openRow(index);
  }

  const lines = useRef(/** @type {Map<number, Kept>} */ (new Map()));
  /** @type {Map<number, Kept>} */
  const kept = new Map();
  for (let index = first; index < last; index += 1) {
    const row = listing.row(index);
    const is = {
      row,
      columns,
      active: index === active,
      open: row !== undefined && row.run === open,
      picked: isChosen(row?.run),
    };
    const old = lines.current.get(index);
    // What is the same as before is not even looked at: most of it, while one scrolls.
    kept.set(index, old && same(old.is, is) ? old : { is, line: line(index, is, opener) });
  }
  lines.current = kept;
  const rows = [...kept.values()].map((each) => each.line);
  const width = columns.reduce((sum, column) => sum + column.width, PICK);
  return html`<div
    class="table"
    ref=${box}
    role="grid"
    tabindex="0"
    aria-label="Runs"
    aria-rowcount=${total + 1}
    aria-colcount=${columns.length + 1}
    aria-multiselectable="true"
    aria-activedescendant=${total ? `row-${active}` : undefined}
    onKeyDown=${onKey}
  >
    <div class="head" role="row" aria-rowindex="1" style=${{ minWidth: `${width}px` }}>
      <${PickHead} query=${listing.query} />
      ${columns.map((column) => html`<${Head} column=${column} route=${route} onOrder=${onOrder} />`)}
    </div>
    <div class="whole" style=${{ height: `${tall(total)}px`, minWidth: `${width}px` }}>
      <div class="rows" style=${{ transform: `translateY(${shift}px)` }}>${rows}</div>
    </div>
  </div>`;
}

/**
 * The rows that are there, which are others only after some have been scrolled by.
 * @param {{ current: HTMLDivElement | null }} box
 * @param {number} total
 */
function usePart(box, total) {
  const [view, setView] = useState({ top: 0, body: 600 });
  const shown = { ...partOf(view.top, view.body, total), body: view.body };
  const now = useRef({ shown, total });
  now.current = { shown, total };
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    let body = 0;
    const look = () => {
      const { shown, total } = now.current;
      const next = partOf(element.scrollTop, body, total);
      if (body !== shown.body || !isSame(next, shown)) setView({ top: element.scrollTop, body });
    };
    // The height is not asked for while one scrolls: the browser would lay out anew to tell.
    const observer = new ResizeObserver(() => {
      body = Math.max(element.clientHeight - ROW, ROW);
      look();
    });
    observer.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, []);
  return shown;
}

/**
 * Keep what is looked at in its place when new runs come in above it.
 * @param {Listing} listing
 * @param {{ current: HTMLDivElement | null }} box
 * @param {(change: (active: number) => number) => void} setActive
 * @param {number} scale
 */
function useSteadyRows(listing, box, setActive, scale) {
  const before = useRef(/** @type {{ listing?: Listing, total: number | null }} */ ({ total: null }));
  const total = listing.total.value;
  useLayoutEffect(() => {
    const { listing: same, total: old } = before.current;
    before.current = { listing, total };
    const added = (total ?? 0) - (old ?? 0);
    if (same !== listing || old === null || added <= 0 || listing.query.order || listing.query.sort) return;
    const element = box.current;
    if (!element || element.scrollTop === 0) return;
    element.scrollTop += (added * ROW) / scale;
    setActive((active) => active + added);
  }, [listing, total]);
}

/**
 * How a column is sorted, and how after a click on its head.
 * @param {Column} column
 * @param {import("./route.js").Route} route
 * @returns {{ now: "ascending" | "descending" | undefined, next: Sorting } | null}
 */
function sorting(column, { sort, order }) {
  const plain = sort === undefined;
  const off = { sort: undefined, order: undefined };
  if (column.kind === "created")
    return { now: plain && order === undefined ? "descending" : undefined, next: off };
  if (column.kind === "run") {
    const now = plain && order === "name" ? "ascending" : undefined;
    return { now, next: now ? off : { sort: undefined, order: "name" } };
  }
  const word = sortWord(column);
  if (word === undefined) return null;
  if (sort === word) return { now: "ascending", next: { sort: `-${word}`, order: undefined } };
  if (sort === `-${word}`) return { now: "descending", next: off };
  return { now: undefined, next: { sort: word, order: undefined } };
}

/**
 * @param {object} properties
 * @param {Column} properties.column
 * @param {import("./route.js").Route} properties.route
 * @param {(sorting: Sorting) => void} properties.onOrder
 */
export function Head({ column, route, onOrder }) {
  const order = sorting(column, route);
  const arrow = { ascending: "↑", descending: "↓" };
  return html`<div
    class=${`cell is-${column.kind} ${column.right ? "right" : ""}`}
    role="columnheader"
    aria-sort=${order?.now}
    style=${{ width: `${column.width}px` }}
  >
    ${
      order
        ? html`<button type="button" title=${`Sort by ${sortWord(column) ?? column.name}`} onClick=${() => onOrder(order.next)}>
            ${column.name}${order.now && html`<span class="arrow" aria-hidden="true">${arrow[order.now]}</span>`}
          </button>`
        : html`<span>${column.name}</span>`
    }
  </div>`;
}

/** @typedef {{ row: Row | undefined, columns: Column[], active: boolean, open: boolean, picked: boolean }} Shown */
/** @typedef {{ is: Shown, line: unknown }} Kept */

/** @param {Shown} one @param {Shown} two */
function same(one, two) {
  return (
    one.row === two.row &&
    one.columns === two.columns &&
    one.active === two.active &&
    one.open === two.open &&
    one.picked === two.picked
  );
}

/**
 * @param {number} index
 * @param {Shown} shown
 * @param {{ current: (index: number, event: MouseEvent, box?: boolean) => void }} opener box: on the box to choose it.
 * @param {string | number} [key] What tells it from other lines.
 */
export function line(index, { row, columns, active, open, picked }, opener, key = index) {
  return html`<div
    key=${key}
    id=${`row-${key}`}
    class=${`line ${row ? (row.stale ? "stale" : row.status) : ""}${active ? " active" : ""}${open ? " open" : ""}${picked ? " picked" : ""}`}
    role="row"
    aria-rowindex=${index + 2}
    aria-selected=${picked}
    aria-current=${open ? "true" : undefined}
    onMouseDown=${(/** @type {MouseEvent} */ event) => {
      if (event.shiftKey) event.preventDefault(); // or the browser would mark text
    }}
    onClick=${(/** @type {MouseEvent} */ event) => opener.current(index, event)}
  >
    ${pickCell(row?.run, picked, (event) => opener.current(index, event, true))}
    ${row === undefined ? html`<div class="soon" role="gridcell" aria-label="Being read"></div>` : columns.map((column) => box(row, column))}
  </div>`;
}

/** @param {Row} row @param {Column} column */
function box(row, column) {
  const { text, title } = said(row, column);
  // To cut text costs the browser as much as to draw it: only what may be too long is cut.
  const kind = `cell is-${column.kind}${column.right ? " right" : ""}${tooLong(text, column) ? " cut" : ""}`;
  const shown = text ?? html`<${Content} row=${row} column=${column} />`;
  return html`<div class=${kind} role="gridcell" title=${title} style=${column.style}>${shown}</div>`;
}

const VALUES = new Set(["params", "result", "last", "attempt", "owner", "note"]);

/** What is mere text. @param {Row} row @param {Column} column @returns {{ text?: string, title?: string }} */
function said(row, column) {
  if (column.kind === "took" && row.seconds !== null) return { text: took(row, 0) };
  if (!VALUES.has(column.kind)) return {};
  const item = cell(row, column);
  if (item === undefined) return { text: "" };
  const text = value(item);
  return text === String(item) && text.length < 24 ? { text } : { text, title: String(item) };
}

/** @param {string | null} at */
function when(at) {
  return at && html`<span title=${time(at)}>${age(at, now.value)}</span>`;
}

/** @param {{ row: Row, column: Column }} properties */
function Content({ row, column }) {
  switch (column.kind) {
    case "run":
      return html`<span class="name" title=${row.run}
        ><span class="home">${row.run.slice(0, -row.uid.length)}</span>${row.uid}${
          row.attempt > 1 ? html`<span class="attempt" title=${`attempt ${count(row.attempt)}`}>×${row.attempt}</span>` : ""
        }</span
      >`;
    case "status":
      return html`<${StatusMark} status=${row.status} stale=${row.stale} hint=${row.error} />`;
    case "created":
      return when(row.created_at);
    case "started":
      return when(row.started_at);
    case "ended":
      return when(row.ended_at);
    case "tags":
      return html`${row.tags.map((tag) => html`<span class="tag">${tag}</span>`)}`;
    default:
      return html`<span>${took(row, now.value)}</span>`;
  }
}
