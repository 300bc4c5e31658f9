// The filter of the list, which says what it can go on with.
import { useRef, useState } from "preact/hooks";
import { known } from "./choose.js";
import { filterWord } from "./columns.js";
import { complete } from "./complete.js";
import { count } from "./format.js";
import { html } from "./html.js";
import { go, route } from "./route.js";

/** @typedef {import("./complete.js").Completion} Completion */

const RESERVED = /^(run|status|uid|identifier|relpath|attempt|seconds|created_at|started_at|ended_at|note|error|stale|tags|files|params|result|metrics|capture)\b/;
const HINTS = /** @type {Record<string, string>} */ ({ params: "param", result: "result", last: "metric" });

/** @param {{ listing: import("./listing.js").Listing | null }} properties */
export function Filter({ listing }) {
  const { where } = route.value;
  const error = listing?.error.value;
  const refused = where !== undefined && error?.status === 400 ? error.message : "";
  const total = listing?.total.value ?? null;
  const found = where !== undefined && total !== null && !refused;
  return html`<form
    class="filter"
    role="search"
    onSubmit=${(/** @type {Event} */ event) => {
      event.preventDefault();
      const field = /** @type {HTMLFormElement} */ (event.currentTarget).elements.namedItem("where");
      go({ where: /** @type {HTMLInputElement} */ (field).value.trim() || undefined });
    }}
  >
    <${Field} key=${where} where=${where} refused=${refused !== ""} listing=${listing} />
    <span id="filter-says" role="status" class="dim"
      >${found && total !== null ? `${listing?.counted.value ? "" : "more than "}${count(listing?.counted.value ? total : total - 1)} found` : ""}</span
    >
    ${refused && html`<pre class="refused" role="alert">${refused}</pre>`}
  </form>`;
}

/** @param {{ where: string | undefined, refused: boolean, listing: import("./listing.js").Listing | null }} properties */
function Field({ where, refused, listing }) {
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  const [offered, setOffered] = useState(/** @type {Completion | null} */ (null));
  const [active, setActive] = useState(-1);
  const open = offered !== null && offered.items.length > 0;

  function offer() {
    const field = input.current;
    if (!field) return;
    setActive(-1);
    setOffered(complete(field.value, field.selectionStart ?? field.value.length, wordsOf(listing)));
  }

  /** @param {number} index */
  function take(index) {
    const field = input.current;
    const item = offered?.items[index];
    if (!field || !offered || !item) return;
    field.setRangeText(`${item.text} `, offered.from, field.selectionStart ?? offered.from, "end");
    offer();
  }

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    const number = offered?.items.length ?? 0;
    if (event.key === "ArrowDown" && !open) offer();
    else if (event.key === "ArrowDown") setActive((active + 1) % number);
    else if (event.key === "ArrowUp" && open) setActive((active <= 0 ? number : active) - 1);
    else if ((event.key === "Enter" || event.key === "Tab") && open && active >= 0) take(active);
    else if (event.key === "Escape" && open) setOffered(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return html`<div class="field">
    <input
      name="where"
      type="text"
      role="combobox"
      ref=${input}
      defaultValue=${where ?? ""}
      placeholder=${"Filter: lr < 0.01 and 'good' in tags"}
      aria-label="Filter"
      aria-autocomplete="list"
      aria-expanded=${open}
      aria-controls="filter-offers"
      aria-activedescendant=${open && active >= 0 ? `offer-${active}` : undefined}
      aria-invalid=${refused ? "true" : undefined}
      aria-describedby="filter-says"
      title="Enter applies it; / goes here from anywhere, ↓ says what it can go on with"
      spellcheck=${false}
      autocomplete="off"
      autocapitalize="off"
      onInput=${offer}
      onKeyDown=${onKey}
      onBlur=${() => setOffered(null)}
    />
    ${
      where !== undefined &&
      html`<button type="button" class="clear" aria-label="Clear" title="Show the runs without a filter" onClick=${() => go({ where: undefined })}>✕</button>`
    }
    <ul id="filter-offers" class="offers" role="listbox" aria-label="What can follow" hidden=${!open}>
      ${
        open &&
        offered.items.map(
          ({ text, hint }, index) => html`<li
            id=${`offer-${index}`}
            role="option"
            aria-selected=${index === active}
            onPointerDown=${(/** @type {Event} */ event) => {
              event.preventDefault(); // the field keeps the focus
              take(index);
            }}
          >
            <span>${text}</span><span class="dim">${hint}</span>
          </li>`,
        )
      }
    </ul>
  </div>`;
}

/** @param {import("./listing.js").Listing | null} listing @returns {import("./complete.js").Words} */
function wordsOf(listing) {
  const columns = known.peek().filter(({ kind }) => HINTS[kind] !== undefined);
  const names = columns.map((column) => {
    const word = filterWord(column) ?? column.name;
    const plain = word.replace(/^params\./, "");
    const isPlain = column.kind === "params" && plain !== word && !RESERVED.test(plain);
    return { text: isPlain ? plain : word, hint: HINTS[column.kind] ?? "" };
  });
  names.sort((one, two) => Number(one.hint !== "param") - Number(two.hint !== "param"));
  const tags = new Set(listing?.rows().flatMap((row) => row.tags));
  return { names, tags: [...tags] };
}
