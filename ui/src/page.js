// The page: what there is to look at on the left, the runs, and the run that is open.
import { computed, effect, signal, untracked } from "@preact/signals";
import { render } from "preact";
import { useEffect } from "preact/hooks";
import { ApiError, get } from "./api.js";
import { Choose } from "./choose.js";
import { Filter } from "./filter.js";
import { count } from "./format.js";
import { Groups } from "./groups.js";
import { html } from "./html.js";
import { listen } from "./keys.js";
import { Listing } from "./listing.js";
import { PickBar } from "./chosen.js";
import { Compare } from "./compare.js";
import { changes, connection, start } from "./live.js";
import { go, link, listed, route } from "./route.js";
import { RunPanel } from "./run.js";
import { STATUSES } from "./status.js";
import { SweepView } from "./sweep.js";
import { Table } from "./table.js";
import { Theme } from "./theme.js";

/** @typedef {import("./types.js").Project} Project */
/** @typedef {import("./types.js").Kind} Kind */

/** @type {import("@preact/signals").Signal<Project[] | null>} */
const projects = signal(null);
/** @type {import("@preact/signals").Signal<ApiError | null>} */
const failure = signal(null);
const readOnly = signal(true);

const project = computed(
  () => projects.value?.find(({ name }) => name === route.value.project) ?? projects.value?.[0],
);

/** @type {import("@preact/signals").Signal<Listing | null>} */
const listing = signal(null);

const asked = computed(() => JSON.stringify({ ...listed(route.value), project: project.value?.name }));

async function refresh() {
  try {
    const answer = await get("projects");
    projects.value = answer.projects;
    readOnly.value = answer.read_only;
    failure.value = null;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    failure.value = error;
  }
}

effect(() => {
  void changes.value;
  void refresh();
  void untracked(() => listing.value)?.refresh();
});

// What is shown stays until what comes in its place is there.
effect(() => {
  const query = JSON.parse(asked.value);
  if (query.project === undefined) return undefined;
  const next = new Listing(query);
  untracked(() => next.need(0, 1));
  const stop = effect(() => {
    if (next.total.value === null && !next.error.value) return;
    untracked(() => {
      if (listing.value !== next) listing.value?.close();
      listing.value = next;
    });
  });
  return () => {
    stop();
    if (untracked(() => listing.value) !== next) next.close();
  };
});

function Page() {
  useEffect(() => {
    const name = project.value?.name;
    document.title = name ? `${name} · pycaddy` : "pycaddy";
  }, [project.value?.name]);
  const error = failure.value;
  if (error?.status === 401) return html`<${Locked} />`;
  const shown = project.value;
  return html`
    <${Top} />
    ${error && html`<${Failure} error=${error} />`}
    ${
      shown
        ? html`<div class="desk">
            <${Side} project=${shown} />
            <main>
              <${Views} />
              ${
                route.value.view === "compare"
                  ? html`<${Compare} project=${shown.name} />`
                  : route.value.view === "sweep"
                    ? html`<${SweepView} project=${shown} />`
                    : html`<div class="bar"><${Chips} project=${shown} /><${Filter} listing=${listing.value} /><${Choose} /></div>
                        <${PickBar} />
                        <${Runs} project=${shown} />`
              }
            </main>
            ${
              route.value.run !== undefined &&
              html`<${RunPanel} project=${shown.name} name=${route.value.run} readOnly=${readOnly.value} onClose=${close} />`
            }
          </div>`
        : html`<main class="empty">${error ? "" : html`<p class="dim">Reading the ledger…</p>`}</main>`
    }
  `;
}

/** What there is to see of the same runs. */
function Views() {
  const { view } = route.value;
  /** @param {string | undefined} name @param {string} text */
  const item = (name, text) =>
    html`<a href=${link({ ...route.value, view: name })} aria-current=${view === name ? "page" : undefined}>${text}</a>`;
  return html`<nav class="views" aria-label="Views">${item(undefined, "Runs")}${item("sweep", "Sweep")}</nav>`;
}

function close() {
  go({ run: undefined });
  /** @type {HTMLElement | null} */ (document.querySelector(".table, .sweep"))?.focus();
}

listen(".filter input", () => {
  if (route.value.run !== undefined) close();
});

function Top() {
  const all = projects.value ?? [];
  const words = { live: "live", lost: "not connected", resting: "resting" };
  return html`<header class="top">
    <a class="brand" href="#/"><img src="/static/icon.svg" alt="" width="18" height="18" />pycaddy</a>
    ${
      all.length > 1
        ? html`<label class="pick"
            ><span class="hidden">Project</span>
            <select
              value=${project.value?.name}
              onChange=${(/** @type {Event} */ event) => {
                const { value } = /** @type {HTMLSelectElement} */ (event.target);
                location.hash = link({ project: value });
                route.value = { project: value };
              }}
            >
              ${all.map(({ name, root }) => html`<option value=${name} title=${root}>${name}</option>`)}
            </select></label
          >`
        : html`<span class="project" title=${project.value?.root}>${project.value?.name ?? ""}</span>`
    }
    <span class="root dim">${project.value?.root}</span>
    <span class=${`connection ${connection.value}`} role="status"
      ><span class="dot" aria-hidden="true"></span>${words[connection.value]}</span
    >
    <${Theme} />
  </header>`;
}

/** @param {Kind[]} kinds */
function sum(kinds) {
  return kinds.reduce(
    (all, { counts }) => all + Object.values(counts).reduce((a, b) => a + b, 0),
    0,
  );
}

/** @param {{ project: Project }} properties */
function Side({ project: { name, kinds } }) {
  const { relpath, identifier } = route.value;
  const spaces = [...new Set(kinds.map((kind) => kind.relpath))];
  /** @param {string | undefined} space @param {string | undefined} kind @param {string} text @param {number} number */
  const item = (space, kind, text, number) => {
    const chosen = space === relpath && kind === identifier;
    const to = { ...route.value, project: name, relpath: space, identifier: kind, run: undefined, view: undefined };
    return html`<li>
      <a
        href=${link(to)}
        class=${kind === undefined ? "space" : "kind"}
        aria-current=${chosen ? "page" : undefined}
        title=${text}
        ><span class="word">${text}</span><span class="number">${count(number)}</span></a
      >
    </li>`;
  };
  return html`<nav class="side" aria-label="Kinds of runs">
    <ul>
      ${item(undefined, undefined, "All runs", sum(kinds))}
      ${spaces.map((space) => {
        const inside = kinds.filter((kind) => kind.relpath === space);
        return html`
          ${space && item(space, undefined, `${space}/`, sum(inside))}
          ${inside.map((kind) => item(space, kind.identifier, kind.identifier, sum([kind])))}
        `;
      })}
    </ul>
  </nav>`;
}

/** @param {{ project: Project }} properties */
function Chips({ project: { kinds } }) {
  const { relpath, identifier, status, trashed } = route.value;
  const inside = kinds.filter(
    (kind) =>
      (relpath === undefined || kind.relpath === relpath) &&
      (identifier === undefined || kind.identifier === identifier),
  );
  /** @param {string | undefined} value @param {string} text @param {number} number */
  const chip = (value, text, number) => html`<button
    type="button"
    class=${`chip ${value ?? "all"}`}
    aria-pressed=${status === value && !trashed}
    onClick=${() => go({ status: value, trashed: undefined, run: undefined })}
  >
    ${value && html`<span class="dot" aria-hidden="true"></span>`}${text} <b>${count(number)}</b>
  </button>`;
  return html`<div class="chips" role="group" aria-label="Status">
    ${chip(undefined, "All", sum(inside))}
    ${STATUSES.map((each) => {
      const number = inside.reduce((all, { counts }) => all + (counts[each] ?? 0), 0);
      return chip(each, each, number);
    })}
    <button
      type="button"
      class="chip quiet"
      aria-pressed=${trashed === "true"}
      onClick=${() => go({ status: undefined, trashed: "true", run: undefined })}
    >
      trash
    </button>
  </div>`;
}

/** @param {{ project: Project }} properties */
function Runs({ project: shown }) {
  const list = listing.value;
  const { run } = route.value;
  if (!list) return null;
  const error = list.error.value;
  if (error?.status === 400) return html`<div class="empty dim">The filter above cannot be read.</div>`;
  if (error && error.status !== 401 && !failure.value) return html`<${Failure} error=${error} />`;
  if (list.total.value === 0) return html`<${NoRuns} project=${shown} />`;
  return html`<${route.value.by === undefined ? Table : Groups}
    listing=${list}
    open=${run}
    route=${route.value}
    project=${shown.name}
    onList=${(/** @type {string} */ where) => go({ where, by: undefined })}
    onOpen=${(/** @type {string} */ name) => go({ run: name }, { replace: run !== undefined })}
    onOrder=${(/** @type {import("./table.js").Sorting} */ sorting) => go(sorting)}
  />`;
}

/** @param {{ project: Project }} properties */
function NoRuns({ project: { kinds } }) {
  if (route.value.trashed && route.value.where === undefined) {
    return html`<div class="empty">
      <h2>The trash is empty</h2>
      <p>Runs that are put aside, here or with <code>session.remove()</code>, can be brought back from it.</p>
    </div>`;
  }
  if (sum(kinds) > 0) {
    return html`<div class="empty">
      <h2>No such runs</h2>
      <p>Nothing here has this status and is what the filter describes.</p>
      <button
        type="button"
        onClick=${() => go({ status: undefined, trashed: undefined, where: undefined })}
      >
        Show every run
      </button>
    </div>`;
  }
  return html`<div class="empty">
    <h2>No runs yet</h2>
    <p>They appear here as soon as they are made:</p>
    <pre>
from pycaddy import Project

with Project("results").session("train", {"lr": 0.001}) as run:
    run.result = {"loss": train(run.params)}</pre
    >
  </div>`;
}

function Locked() {
  return html`<main class="empty whole-page">
    <h1>This page is closed</h1>
    <p>It opens with the link that <code>pycaddy ui</code> printed. Each launch has another link.</p>
  </main>`;
}

/** @param {{ error: ApiError }} properties */
function Failure({ error }) {
  const advice =
    error.status === 0
      ? "Start it again with `pycaddy ui`, and open the link that it prints."
      : "This is tried again when something changes.";
  return html`<div class="failure" role="alert"><b>${error.message}</b> ${advice}</div>`;
}

start();
render(html`<${Page} />`, document.body);
