// How far the runs of one identifier are: a grid by two of its params, and what went wrong.
import { useAnswer } from "./answer.js";
import { age, count, duration } from "./format.js";
import { Grid } from "./grid.js";
import { html } from "./html.js";
import { now } from "./live.js";
import { go, link, route } from "./route.js";
import { StatusMark } from "./status.js";

/** @typedef {import("./types.js").Sweep} Sweep */
/** @typedef {import("./types.js").Project} Project */

const PARTS = /** @type {const} */ (["done", "running", "stale", "error", "pending"]);

/** @param {{ project: Project }} properties */
export function SweepView({ project }) {
  const { relpath = "", identifier, gx, gy, of } = route.value;
  if (identifier === undefined) return html`<${Which} project=${project} />`;
  const home = JSON.stringify([project.name, relpath, identifier]);
  // Links of earlier versions say "last" for metrics.
  const measure = of?.replace(/^last\./, "metrics.");
  return html`<${Loaded} key=${home} query=${{ project: project.name, relpath, identifier, x: gx, y: gy, of: measure }} />`;
}

/** @param {{ project: Project }} properties */
function Which({ project }) {
  const { relpath } = route.value;
  const kinds = project.kinds.filter((kind) => relpath === undefined || kind.relpath === relpath);
  return html`<div class="empty">
    <h2>Which sweep?</h2>
    ${kinds.length ? html`<p>A sweep is the runs of one identifier.</p>` : html`<p>There are no runs yet. They appear here as soon as they are made.</p>`}
    <ul class="which">
      ${kinds.map(({ relpath: space, identifier, counts }) => {
        const total = Object.values(counts).reduce((sum, each) => sum + each, 0);
        return html`<li>
          <a class="link" href=${link({ ...route.value, relpath: space, identifier })}>${space && `${space}/`}${identifier}</a>
          <span class="dim"> ${count(total)} ${total === 1 ? "run" : "runs"}</span>
        </li>`;
      })}
    </ul>
  </div>`;
}

/** @param {{ query: Record<string, string | undefined> & { project: string, relpath: string, identifier: string } }} properties */
function Loaded({ query }) {
  const { found, error } = useAnswer("sweep", query);
  if (error && error.status !== 401 && error.status !== 0)
    return html`<div class="failure" role="alert"><b>${error.message}</b> This is tried again when something changes.</div>`;
  if (!found) return html`<div class="empty dim" role="status">Reading the runs…</div>`;
  const sweep = /** @type {Sweep} */ (found.value);
  const name = query.relpath ? `${query.relpath}/${query.identifier}` : query.identifier;
  return html`<div class="sweep" tabindex="-1">
    <${Progress} name=${name} standing=${sweep.standing} />
    <${Grid} sweep=${sweep} />
    <${Failures} failures=${sweep.failures} />
    <${Work} work=${sweep.work} />
  </div>`;
}

/** @param {{ name: string, standing: Sweep["standing"] }} properties */
function Progress({ name, standing }) {
  const total = PARTS.reduce((sum, part) => sum + standing[part], 0);
  const ended = standing.done + standing.error;
  return html`<section class="progress" aria-label="Progress">
    <h2>
      ${name} <span class="dim">${count(ended)} of ${count(total)} ended</span>
    </h2>
    <div class="stack" role="img" aria-label=${PARTS.map((part) => `${standing[part]} ${part}`).join(", ")}>
      ${PARTS.map((part) => standing[part] > 0 && html`<span class=${`part ${part}`} style=${{ flexGrow: standing[part] }}></span>`)}
    </div>
    <dl class="figures">
      ${PARTS.map(
        (part) => html`<div>
          <dt><${StatusMark} status=${part === "stale" ? "running" : part} stale=${part === "stale"} /></dt>
          <dd>${count(standing[part])}</dd>
        </div>`,
      )}
      <div>
        <dt title="Runs that ended in the last hour, or since the first of them was started">rate</dt>
        <dd>${standing.runs_per_hour === null ? "–" : `${Number(standing.runs_per_hour.toPrecision(3))} / h`}</dd>
      </div>
      <div>
        <dt title="Until those that are pending and running have ended at this rate">time left</dt>
        <dd>${standing.seconds_left === null ? "–" : duration(standing.seconds_left)}</dd>
      </div>
    </dl>
  </section>`;
}

/** @param {{ failures: Sweep["failures"] }} properties */
function Failures({ failures }) {
  if (!failures.length) return null;
  const all = { view: undefined, status: "error", where: undefined, trashed: undefined };
  return html`<section>
    <h3>Why runs failed <a class="link" href=${link({ ...route.value, ...all })}>Show them all</a></h3>
    <ul class="failures">
      ${failures.map(
        ({ reason, total, runs }) => html`<li>
          <span class="times">${count(total)}×</span>
          <span class="reason">${reason || "without a word"}</span>
          <span class="examples">
            ${runs.map((run) => html`<${RunLink} run=${run} />`)} ${total > runs.length ? html`<span class="dim">and ${count(total - runs.length)} more</span>` : ""}
          </span>
        </li>`,
      )}
    </ul>
  </section>`;
}

/** @param {{ work: Sweep["work"] }} properties */
function Work({ work }) {
  return html`<section>
    <h3>Who works on what</h3>
    ${
      work.length === 0
        ? html`<p class="dim">Nobody works on a run of this sweep now.</p>`
        : html`<div class="wide">
            <table class="work">
              <thead>
                <tr>
                  <th scope="col">run</th>
                  <th scope="col">owner</th>
                  <th scope="col">for</th>
                  <th scope="col">attempt</th>
                  <th scope="col">status</th>
                </tr>
              </thead>
              <tbody>
                ${work.map(
                  ({ run, owner, since, attempt, stale }) => html`<tr key=${run}>
                    <td><${RunLink} run=${run} /></td>
                    <td>${owner}</td>
                    <td class="right">${since && age(since, now.value).replace(/ ago$/, "")}</td>
                    <td class="right">${attempt}</td>
                    <td><${StatusMark} status="running" stale=${stale} /></td>
                  </tr>`,
                )}
              </tbody>
            </table>
          </div>`
    }
  </section>`;
}

/** @param {{ run: string }} properties */
function RunLink({ run }) {
  return html`<a
    class="link mono"
    href=${link({ ...route.value, run })}
    onClick=${(/** @type {MouseEvent} */ event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      go({ run });
    }}
    >${run}</a
  >`;
}
