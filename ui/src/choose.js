// What the table has: its columns, and what it is grouped by. Both stand in the address.
import { signal } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { chosenAs, columnsOf, seen } from "./columns.js";
import { html } from "./html.js";
import { go, route } from "./route.js";

/** @typedef {import("./columns.js").Column} Column */

/** All columns that the runs of the table may have. */
export const known = signal(/** @type {Column[]} */ ([]));

/** The columns, which stay where they are while rows of the same kind come. @param {import("./listing.js").Listing} listing @param {string | undefined} chosen */
export function useColumns(listing, chosen) {
  const { query } = listing;
  const held = useRef(
    /** @type {{ of: string, columns: Column[], read: WeakSet<import("./types.js").Row[]> }} */ ({ of: "", columns: [], read: new WeakSet() }),
  );
  const all = useMemo(() => {
    const of = JSON.stringify([query.project, query.relpath, query.identifier]);
    if (held.current.of !== of) held.current = { of, columns: [], read: new WeakSet() };
    const { read } = held.current;
    const fresh = [...listing.pages.values()].filter((page) => !read.has(page));
    for (const page of fresh) read.add(page);
    const rows = fresh.flat();
    if (rows.length) held.current.columns = columnsOf(rows, held.current.columns);
    return held.current.columns;
  }, [listing, listing.version.value]);
  useEffect(() => {
    known.value = all;
  }, [all]);
  return useMemo(() => seen(all, chosen), [all, chosen]);
}

/** @type {[string, (column: Column) => boolean][]} */
const SETS = [
  ["Run", ({ kind }) => !["run", "result", "last", "params"].includes(kind)],
  ["Result", ({ kind }) => kind === "result"],
  ["Metrics, the last value", ({ kind }) => kind === "last"],
  ["Params", ({ kind }) => kind === "params"],
];

export function Choose() {
  const params = known.value.filter(({ kind }) => kind === "params");
  const { by } = route.value;
  const options = [...params.map(({ id, name }) => ({ id, name })), { id: "status", name: "status" }];
  if (by !== undefined && !options.some(({ id }) => id === by)) options.push({ id: by, name: by });
  return html`<div class="choose">
    <label
      ><span class="dim">Group by</span>
      <select
        value=${by ?? ""}
        onChange=${(/** @type {Event} */ event) => go({ by: /** @type {HTMLSelectElement} */ (event.target).value || undefined })}
      >
        <option value="">nothing</option>
        ${options.map(({ id, name }) => html`<option value=${id}>${name}</option>`)}
      </select></label
    >
    <${Columns} />
  </div>`;
}

function Columns() {
  const [open, setOpen] = useState(false);
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  useEffect(() => {
    if (!open) return undefined;
    /** @param {Event} event */
    const outside = (event) => {
      if (!box.current?.contains(/** @type {Node} */ (event.target))) setOpen(false);
    };
    addEventListener("pointerdown", outside);
    addEventListener("focusin", outside);
    return () => {
      removeEventListener("pointerdown", outside);
      removeEventListener("focusin", outside);
    };
  }, [open]);
  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    if (event.key !== "Escape" || !open) return;
    event.stopPropagation();
    setOpen(false);
    box.current?.querySelector("button")?.focus();
  };
  return html`<div class="columns" ref=${box} onKeyDown=${onKey}>
    <button type="button" class="quiet-button" aria-expanded=${open} aria-haspopup="dialog" onClick=${() => setOpen(!open)}>
      Columns <span aria-hidden="true">▾</span>
    </button>
    ${open && html`<${List} />`}
  </div>`;
}

function List() {
  const [wanted, setWanted] = useState("");
  const columns = known.value;
  const { cols } = route.value;
  const shown = new Set(seen(columns, cols));
  /** @param {Column[]} some @param {boolean} on */
  const turn = (some, on) => {
    const next = columns.filter((each) => (some.includes(each) ? on : shown.has(each)));
    const usual = chosenAs(columns.filter((each) => each.shown));
    const text = chosenAs(next.filter(({ kind }) => kind !== "run"));
    go({ cols: chosenAs(next) === usual ? undefined : text }, { replace: true });
  };
  return html`<div class="popover" role="dialog" aria-label="Columns">
    <div class="popover-head">
      <input
        type="search"
        placeholder="Find a column"
        aria-label="Find a column"
        value=${wanted}
        ref=${focusOnce}
        onInput=${(/** @type {Event} */ event) => setWanted(/** @type {HTMLInputElement} */ (event.target).value)}
      />
      <button type="button" class="quiet-button" disabled=${cols === undefined} onClick=${() => go({ cols: undefined }, { replace: true })}>
        Reset
      </button>
    </div>
    <div class="popover-body">
      ${SETS.map(([title, isIn]) => {
        const all = columns.filter(isIn).filter(({ name }) => name.toLowerCase().includes(wanted.toLowerCase()));
        if (!all.length) return null;
        const some = all.some((each) => shown.has(each));
        return html`<fieldset>
          <legend>
            ${title}
            <button type="button" class="text" onClick=${() => turn(all, !some)}>${some ? "none" : "all"}</button>
          </legend>
          ${all.map(
            (each) => html`<label key=${each.id} title=${each.name}
              ><input type="checkbox" checked=${shown.has(each)} onChange=${() => turn([each], !shown.has(each))} /><span
                >${each.name}</span
              ></label
            >`,
          )}
        </fieldset>`;
      })}
      ${wanted && !columns.some(({ name }) => name.toLowerCase().includes(wanted.toLowerCase())) && html`<p class="dim">No column has this in its name.</p>`}
    </div>
  </div>`;
}

/** @param {HTMLInputElement | null} element */
function focusOnce(element) {
  if (element && !element.dataset.seen) {
    element.dataset.seen = "true";
    element.focus();
  }
}
