// Charts side by side: one for each metric, those with the same beginning together.
import { useState } from "preact/hooks";
import { html } from "../html.js";
import { Chart } from "./chart.js";

/** @typedef {import("./curves.js").Member} Member */

const MANY = 8;
const FEW_AT_ONCE = 60;

/**
 * @param {object} properties
 * @param {string} properties.project
 * @param {string[]} properties.names
 * @param {Member[]} properties.members
 * @param {boolean} properties.live
 * @param {string | null} [properties.band]
 * @param {string | null} [properties.focus]
 */
export function Charts({ project, names, members, live, band = null, focus = null }) {
  const [search, setSearch] = useState("");
  const wanted = names.filter((name) => name.toLowerCase().includes(search.toLowerCase()));
  return html`
    ${
      names.length > MANY &&
      html`<input
        class="chart-search"
        type="search"
        aria-label="Find a metric"
        placeholder=${`Find one of ${names.length} metrics`}
        value=${search}
        onInput=${(/** @type {Event} */ event) => setSearch(/** @type {HTMLInputElement} */ (event.target).value)}
      />`
    }
    ${wanted.length === 0 && html`<p class="dim">No metric has ${search} in its name.</p>`}
    ${grouped(wanted).map(
      ([title, inside]) => html`<${Group} key=${title} title=${title} names=${inside} show=${(/** @type {string} */ name) =>
        html`<${Chart} key=${name} project=${project} name=${name} members=${members} live=${live} band=${band} focus=${focus} />`} />`,
    )}
  `;
}

/** @param {{ title: string, names: string[], show: (name: string) => unknown }} properties */
function Group({ title, names, show }) {
  const [open, setOpen] = useState(title !== "system");
  const [most, setMost] = useState(FEW_AT_ONCE);
  return html`<div class="chart-group">
    ${
      title &&
      html`<h4>
        <button type="button" class="text" aria-expanded=${open} onClick=${() => setOpen(!open)}>
          <span class="twist" aria-hidden="true">${open ? "▾" : "▸"}</span>${title} <span class="dim">${names.length}</span>
        </button>
      </h4>`
    }
    ${open && html`<div class="charts">${names.slice(0, most).map(show)}</div>`}
    ${
      open &&
      names.length > most &&
      html`<button type="button" class="text link" onClick=${() => setMost(most + FEW_AT_ONCE)}>
        ${names.length - most} more
      </button>`
    }
  </div>`;
}

/** Metrics by what stands before the first "/": those without one first, the machine's last. @param {string[]} names */
export function grouped(names) {
  /** @type {Map<string, string[]>} */
  const groups = new Map();
  for (const name of [...names].sort()) {
    const title = name.includes("/") ? name.slice(0, name.indexOf("/")) : "";
    groups.set(title, [...(groups.get(title) ?? []), name]);
  }
  const rank = (/** @type {string} */ title) => (title === "" ? 0 : title === "system" ? 2 : 1);
  return [...groups].sort(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b));
}
