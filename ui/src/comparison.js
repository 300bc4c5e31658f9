// Runs side by side: what is different between them, and how that shows.
import { signal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { colour, dark, dash, slotsOf } from "./charts/colours.js";
import { fieldsOf, groups, seedOf } from "./charts/fields.js";
import { Heatmap } from "./charts/heatmap.js";
import { Charts } from "./charts/panel.js";
import { Parallel } from "./charts/parallel.js";
import { Scatter } from "./charts/scatter.js";
import { MOST_RUNS } from "./charts/series.js";
import { Controls } from "./charts/settings.js";
import { Differences } from "./differences.js";
import { value } from "./format.js";
import { html } from "./html.js";
import { follow, go, link, route } from "./route.js";

/** @typedef {import("./types.js").Compared} Compared */
/** @typedef {import("./charts/fields.js").Field} Field */
/** @typedef {import("./charts/curves.js").Member} Member */

const TABS = { curves: "Curves", scatter: "Scatter", parallel: "Parallel", heatmap: "Heatmap" };
const BANDS = { std: "± standard deviation", ci: "95 % interval of the mean", range: "least to greatest" };

/** The run that the mouse is on, in the table. @type {import("@preact/signals").Signal<string | null>} */
const pointed = signal(null);

/** The ways to compare. */
export function Ways() {
  const { tab = "curves" } = route.value;
  return html`<nav class="segments" aria-label="Ways to compare">
    ${Object.entries(TABS).map(([id, text]) => {
      const to = { tab: id === "curves" ? undefined : id };
      return html`<a
        href=${link({ ...route.value, ...to })}
        aria-current=${tab === id ? "page" : undefined}
        onClick=${follow(to)}
        >${text}</a
      >`;
    })}
  </nav>`;
}

/**
 * @param {object} properties
 * @param {string} properties.project
 * @param {Compared[]} properties.runs One at least.
 */
export function Comparison({ project, runs }) {
  const fields = useMemo(() => fieldsOf(runs), [runs]);
  const { tab = "curves", over } = route.value;
  const drawn = useMemo(() => runs.slice(0, MOST_RUNS), [runs]);
  const across = tab === "curves" && fields.some(({ kind, id }) => kind === "params" && id === over) ? over : undefined;
  const members = useMemo(() => membersOf(drawn, fields, across), [drawn, fields, across, dark.value]);
  const colours = new Map(members.flatMap((member) => member.runs.map((run) => [run, member.colour])));
  return html`<${Differences}
      runs=${runs}
      fields=${fields}
      colourOf=${(/** @type {string} */ run) => colours.get(run) ?? colour(0)}
      onPoint=${(/** @type {string | null} */ run) => (pointed.value = run)}
    />
    ${
      tab in TABS && tab !== "curves"
        ? html`<${Picture} tab=${tab} runs=${runs} fields=${fields} />`
        : html`<${Curves} project=${project} runs=${runs} drawn=${drawn} fields=${fields} members=${members} across=${across} />`
    }`;
}

/** @param {{ tab: string, runs: Compared[], fields: Field[] }} properties */
function Picture({ tab, runs, fields }) {
  const show = (/** @type {string} */ run) => go({ run });
  if (tab === "scatter") return html`<${Scatter} runs=${runs} fields=${fields} onOpen=${show} />`;
  if (tab === "parallel") return html`<${Parallel} runs=${runs} fields=${fields} onOpen=${show} />`;
  return html`<${Heatmap} runs=${runs} fields=${fields} />`;
}

/**
 * @param {object} properties
 * @param {string} properties.project
 * @param {Compared[]} properties.runs
 * @param {Compared[]} properties.drawn Those of them that have a curve.
 * @param {Field[]} properties.fields
 * @param {Member[]} properties.members
 * @param {string | undefined} properties.across The param that means are taken over.
 */
function Curves({ project, runs, drawn, fields, members, across }) {
  const { band = "std" } = route.value;
  const metrics = [...new Set(drawn.flatMap((run) => Object.keys(run.metrics)))];
  const focus = members.find((member) => pointed.value !== null && member.runs.includes(pointed.value))?.key ?? null;
  if (metrics.length === 0) {
    return html`<div class="empty">
      <h2>No metrics were logged</h2>
      <p><code>run.log({"loss/train": 0.25}, step=1)</code> in the program draws a curve here, while it runs.</p>
    </div>`;
  }
  return html`<section aria-label="Curves">
    <${Controls}>
      <label
        >Mean over
        <select
          value=${across ?? ""}
          onChange=${(/** @type {Event} */ event) => go({ over: chosenOf(event) || undefined }, { replace: true })}
        >
          <option value="">nothing</option>
          ${overable(fields).map((field) => html`<option value=${field.id}>${field.name}</option>`)}
        </select></label
      >
      ${
        across &&
        html`<label
          >Band
          <select
            value=${band}
            onChange=${(/** @type {Event} */ event) => go({ band: chosenOf(event) }, { replace: true })}
          >
            ${Object.entries(BANDS).map(([id, text]) => html`<option value=${id}>${text}</option>`)}
          </select></label
        >`
      }
    <//>
    ${runs.length > MOST_RUNS && html`<p class="hint">The curves of the first ${MOST_RUNS} of ${runs.length} runs are drawn.</p>`}
    ${across && html`<${Legend} members=${members} />`}
    <${Charts}
      project=${project}
      names=${metrics}
      members=${members}
      live=${drawn.some((run) => run.status === "running" && !run.stale)}
      band=${across ? band : null}
      focus=${focus}
    />
  </section>`;
}

/** @param {Event} event */
function chosenOf(event) {
  return /** @type {HTMLSelectElement} */ (event.target).value;
}

/** Params to take means over: those that vary, and a seed first. @param {Field[]} fields */
function overable(fields) {
  const seed = seedOf(fields);
  const varying = fields.filter((field) => field.kind === "params" && field.varies);
  return varying.sort((a, b) => Number(b.id === seed) - Number(a.id === seed));
}

/** @param {{ members: Member[] }} properties */
function Legend({ members }) {
  return html`<ul class="legend" aria-label="Means">
    ${members.map(
      (member) => html`<li title=${member.runs.join(", ")}>
        <span class="swatch" style=${{ background: member.colour }}></span>${member.label}
        <span class="dim">${member.runs.length} ${member.runs.length === 1 ? "run" : "runs"}</span>
      </li>`,
    )}
  </ul>`;
}

/**
 * The runs, or the groups of them that differ in *over* alone.
 * @param {Compared[]} runs
 * @param {Field[]} fields
 * @param {string | undefined} over
 * @returns {Member[]}
 */
function membersOf(runs, fields, over) {
  const told = fields.filter((field) => field.kind === "params" && field.varies && field.id !== over).slice(0, 3);
  const sameHome = new Set(runs.map((run) => `${run.relpath}/${run.identifier}`)).size === 1;
  const words = (/** @type {number} */ at) =>
    told.map((field) => `${lastPart(field.name)}=${field.values[at] === undefined ? "–" : value(field.values[at])}`).join(" ");
  const parts = over === undefined ? runs.map((_, at) => [at]) : groups(fields, runs.length, over);
  const found = parts.map((positions) => {
    const first = positions[0] ?? 0;
    const run = /** @type {Compared} */ (runs[first]);
    const name = sameHome ? run.uid : run.run;
    const label = over === undefined ? `${name}${told.length ? ` · ${words(first)}` : ""}` : words(first) || "all";
    const key = over === undefined ? run.run : `mean ${over} of ${run.run}:`;
    return { key, label, runs: positions.flatMap((at) => runs[at]?.run ?? []) };
  });
  const slots = slotsOf(found.map(({ key }) => key));
  return found.map((member) => {
    const slot = slots.get(member.key) ?? 0;
    return { ...member, colour: colour(slot), dash: dash(slot) };
  });
}

/** @param {string} name */
function lastPart(name) {
  return name.slice(name.lastIndexOf(".") + 1);
}
