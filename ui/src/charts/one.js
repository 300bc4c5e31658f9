// The curves of the run that is open.
import { useMemo } from "preact/hooks";
import { chooseAlso, chosen, compare } from "../chosen.js";
import { html } from "../html.js";
import { route } from "../route.js";
import { colour, dark, dash, slotsOf } from "./colours.js";
import { useCompared } from "./compared.js";
import { Charts } from "./panel.js";
import { Controls } from "./settings.js";

/** @param {{ project: string, run: import("../types.js").Run }} properties */
export function RunCharts({ project, run }) {
  const name = run.run;
  const { runs, error } = useCompared(project, [name]);
  const found = runs?.find((each) => each.run === name);
  const members = useMemo(() => {
    const slot = slotsOf([name]).get(name) ?? 0;
    return [{ key: name, label: name, colour: colour(slot), dash: dash(slot), runs: [name] }];
  }, [name, dark.value]);
  const others = chosen.value.filter((each) => each !== name).length;
  const compareToo = () => {
    chooseAlso([name]);
    compare();
  };
  if (error) return html`<p class="failure" role="alert">${error}</p>`;
  if (!found) return html`<p class="dim">Reading…</p>`;
  const names = Object.keys(found.metrics);
  if (names.length === 0) {
    return html`<p class="dim">No metrics were logged. <code>run.log({"loss/train": 0.25}, step=1)</code> draws a curve here.</p>`;
  }
  return html`<${Controls}>
      ${
        route.value.view !== "compare" &&
        html`<button type="button" onClick=${compareToo}>${others > 0 ? `Compare with ${others} chosen` : "Large"}</button>`
      }
    <//>
    <${Charts} project=${project} names=${names} members=${members} live=${run.status === "running" && !run.stale} />`;
}
