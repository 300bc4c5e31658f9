// The view of several runs that were chosen.
import { useCompared } from "./charts/compared.js";
import { chosen } from "./chosen.js";
import { Comparison, Ways } from "./comparison.js";
import { html } from "./html.js";
import { link, route } from "./route.js";

/** @param {{ project: string }} properties */
export function Compare({ project }) {
  const names = chosen.value;
  const { runs, missing, error } = useCompared(project, names);
  return html`<div class="compare">
    <header>
      <a class="back" href=${link({ ...route.value, view: undefined, run: undefined })}>← Runs</a>
      <h1>${names.length === 1 ? names[0] : `${names.length} runs`}</h1>
      <${Ways} />
    </header>
    <div class="compare-body">
      ${error && html`<p class="failure" role="alert">${error}</p>`}
      ${names.length === 0 && html`<${NothingChosen} />`}
      ${missing.length > 0 && html`<p class="hint">${missing.join(", ")}: not there any more.</p>`}
      ${runs && runs.length > 0 && html`<${Comparison} project=${project} runs=${runs} />`}
    </div>
  </div>`;
}

function NothingChosen() {
  return html`<div class="empty">
    <h2>No runs are chosen</h2>
    <p>Go to the runs, choose some with the boxes before them or with the space bar, and press <b>Compare</b>.</p>
  </div>`;
}
