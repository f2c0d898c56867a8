// One photograph: opened, in color, corrected, taken home.

import { saveFile } from "./api.js";
import { createColorPanel } from "./panel.js";
import { createPicture } from "./picture.js";
import { createVersions } from "./versions.js";

const RADIUS = 0.01;
const PATIENCE = 700; // milliseconds without a change, before what takes long is made anew

/** Run the panel of one photograph; gives `open(file)`. */
export function createEditor(root, { translate, api, problem, network }) {
  const find = (selector) => root.querySelector(selector);
  const [entry, work, status] = [".entry", ".work", ".status"].map(find);
  const [vividness, select] = ["input.vividness", "select.network"].map(find);
  const [uncertainty, vary, legend] = ["button.uncertainty", ".vary", ".legend"].map(find);
  let hints = [];
  let past = [];
  let chosen = -1;
  let abilities = {};
  let name = "";
  let variant = 0;
  let unreachable = [];
  let turn = 0; // which photograph this is, so that answers for another are not shown
  let stale = false;
  let busy = false;
  let later = null;

  const picture = createPicture(find(".picture"), {
    translate,
    place,
    move,
    moved: () => showStatus("moved"),
    choose: (index) => (hints[index].color || !panel.isOpen ? choose(index) : leave()),
    drop,
    giveUp: (index) => (hints[index].color ? leave() : drop(index)),
  });
  const panel = createColorPanel(find(".panel"), find(".picture"), {
    translate,
    pick: (color, begun) => {
      if (begun) remember();
      hints[chosen] = { ...hints[chosen], color };
      changed();
    },
    remove: () => drop(chosen),
    done: () => {
      const index = chosen;
      leave();
      picture.focus(Math.min(index, hints.length - 1));
    },
  });

  const versions = createVersions(find(".versions"), {
    translate,
    small: (number) => api.ask("colors", { ...request(), variant: number, small: true }),
    choose: (number) => {
      variant = number;
      recolor();
    },
  });

  const finishedHints = () => hints.filter((hint) => hint.color);
  const request = () => ({
    model: select.value,
    vividness: +vividness.value,
    hints: finishedHints(),
    variant,
  });
  const showStatus = (key, values) => {
    status.textContent = translate(key, values);
  };
  const remember = () => {
    past.push(finishedHints());
    draw();
  };
  const draw = () => {
    picture.dots(abilities.hints ? hints : [], { chosen, unreachable });
    find(".undo").disabled = !past.length;
    find(".clear").disabled = find(".save").disabled = !finishedHints().length;
  };
  const changed = () => {
    draw();
    recolor();
  };

  // The picture follows the controls: one request at a time, the newest wish last.
  async function recolor() {
    stale = true;
    if (busy) return;
    busy = true;
    work.setAttribute("aria-busy", "true");
    const now = turn;
    while (stale && now === turn) {
      stale = false;
      const response = await api.ask("colors", request());
      if (response.problem || now !== turn) continue;
      picture.showColor(response.after);
      unreachable = response.unreachable;
      learn(response.abilities);
      problem(null);
      showStatus(unreachable.length ? "unreachable" : "colored", { name });
    }
    busy = false;
    work.removeAttribute("aria-busy");
    if (now !== turn) return recolor();
    clearTimeout(later);
    later = setTimeout(versions.fill, PATIENCE, variant);
    if (uncertainty.ariaPressed === "true") tint();
  }

  function learn(now) {
    abilities = now;
    const chosenNetwork = select.value;
    const unable = [
      !abilities.uncertainty && "cannot_tell_uncertainty",
      !abilities.variants && "cannot_vary",
    ];
    find(".unable").textContent = unable
      .filter(Boolean)
      .map((key) => translate(key))
      .join(" ");
    find(".correct").textContent = translate(abilities.hints ? "correct" : "cannot_correct", {
      network: chosenNetwork,
    });
    uncertainty.disabled = !abilities.uncertainty;
    vary.disabled = !abilities.variants;
    for (const button of [find(".add"), find(".load")]) button.disabled = !abilities.hints;
    find(".picture").classList.toggle("correctable", abilities.hints);
    if (!abilities.uncertainty) showUncertainty(false);
    if (!abilities.variants) showVersions(false);
    draw();
  }

  // Corrections.
  function place(x, y) {
    if (panel.isOpen) return leave();
    if (!abilities.hints) return showStatus("cannot_correct", { network: select.value });
    hints = [...finishedHints(), { x, y, radius: RADIUS }];
    draw();
    return choose(hints.length - 1);
  }
  async function choose(index) {
    chosen = index;
    const { x, y } = hints[index];
    const gray = picture.seen(x, y, true);
    draw();
    panel.open(hints[index], { gray, now: picture.seen(x, y) });
    if (!abilities.suggestions) return panel.suggest([], translate("cannot_suggest"));
    panel.suggest([], translate("asking"));
    const others = finishedHints().filter((hint) => hint !== hints[index]);
    const response = await api.ask("suggestions", { ...request(), hints: others, x, y });
    if (chosen !== index || !panel.isOpen) return undefined;
    const colors = response.colors ?? [];
    return panel.suggest(colors, colors.length ? "" : translate("nothing_likely"));
  }
  function move(index, x, y, begun) {
    if (panel.isOpen) leave();
    if (!hints[index]) return;
    if (begun && hints[index].color) remember();
    hints[index] = { ...hints[index], x, y };
    if (hints[index].color) changed();
    else draw();
  }
  function drop(index) {
    const known = hints[index]?.color;
    if (known) remember();
    hints = hints.filter((_, i) => i !== index);
    leave();
    changed();
    showStatus("removed");
    if (hints.length) picture.focus(Math.min(index, hints.length - 1));
    else find(".add").focus();
  }
  function leave() {
    panel.close();
    chosen = -1;
    hints = finishedHints();
    draw();
  }
  function undo() {
    if (!past.length) return;
    panel.close();
    chosen = -1;
    hints = past.pop();
    changed();
    showStatus("undone");
  }

  // Uncertainty and versions.
  async function tint() {
    const now = turn;
    const response = await api.ask("uncertainty", request());
    if (now === turn && uncertainty.ariaPressed === "true") picture.tint(response.tint);
  }
  function showUncertainty(on) {
    uncertainty.ariaPressed = on;
    legend.hidden = !on;
    if (on) tint();
    else picture.tint(null);
  }
  function showVersions(on) {
    vary.ariaExpanded = on;
    versions.show(on, variant);
    if (!on && !abilities.variants) variant = 0;
  }
  // Files.
  const saveText = (text, filename) => {
    const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    saveFile(filename, url);
    setTimeout(() => URL.revokeObjectURL(url), 60000);
    showStatus("saved", { name: filename });
  };
  async function load(file) {
    const response = await api.ask("hints", { text: await file.text(), name: file.name });
    if (response.problem) return;
    remember();
    hints = response.hints;
    changed();
    showStatus("loaded", { count: hints.length });
  }
  async function download() {
    const button = find(".download");
    button.disabled = true;
    showStatus("writing");
    const response = await api.ask("file", request());
    button.disabled = false;
    if (response.problem) return showStatus("colored", { name });
    saveFile(response.name, response.file);
    return showStatus("written", response);
  }
  async function open(file) {
    problem(null);
    find(".entry .opening").textContent = translate("opening", { name: file.name });
    showStatus("opening", { name: file.name });
    entry.setAttribute("aria-busy", "true");
    const response = await api.open(file, select.value);
    entry.removeAttribute("aria-busy");
    find(".entry .opening").textContent = "";
    if (response.problem) return;
    turn += 1;
    [hints, past, variant, unreachable, name] = [[], [], 0, [], response.name];
    vividness.value = 1;
    showVividness();
    leave();
    showVersions(false);
    showUncertainty(false);
    picture.show(response);
    learn(response.abilities);
    entry.hidden = true;
    work.hidden = false;
    find(".divider").focus({ preventScroll: true });
    showStatus("coloring");
    recolor();
  }
  function close() {
    turn += 1;
    leave();
    work.hidden = true;
    entry.hidden = false;
    status.textContent = "";
    find(".choose").focus();
  }
  function showVividness() {
    const percent = Math.round(100 * vividness.value);
    const shown = translate("vividness_value", { percent });
    find(".controls output").textContent = shown;
    vividness.setAttribute("aria-valuetext", shown);
  }

  const on = (selector, type, call) => find(selector).addEventListener(type, call);
  on("input.vividness", "input", () => {
    showVividness();
    recolor();
  });
  on("select.network", "change", () => {
    variant = 0;
    leave();
    recolor();
  });
  on("button.uncertainty", "click", () => showUncertainty(uncertainty.ariaPressed !== "true"));
  on(".vary", "click", () => showVersions(!versions.isOpen));
  on(".add", "click", () => {
    leave();
    hints = [...hints, { x: 0.5, y: 0.5, radius: RADIUS }];
    draw();
    picture.focus(hints.length - 1);
  });
  on(".undo", "click", undo);
  on(".clear", "click", () => {
    remember();
    leave();
    hints = [];
    changed();
  });
  on(".save", "click", () =>
    saveText(JSON.stringify(finishedHints(), null, 2), `${name.replace(/\.[^.]*$/, "")}-hints.json`),
  );
  on(".load", "click", () => find("input.hints").click());
  on("input.hints", "change", (event) => {
    if (event.target.files.length) load(event.target.files[0]);
    event.target.value = "";
  });
  on(".download", "click", download);
  on(".another", "click", close);
  addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, select");
    if (!(event.ctrlKey || event.metaKey) || event.key !== "z" || typing || work.hidden) return;
    event.preventDefault();
    undo();
  });
  select.value = network;
  return { open };
}
