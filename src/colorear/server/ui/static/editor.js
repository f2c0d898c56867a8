// One photograph: opened, in color, looked at, taken home.

import { saveFile, saveText, takeFile } from "./api.js";
import { createColoring } from "./coloring.js";
import { createCorrections } from "./corrections.js";
import { createKept } from "./kept.js";
import { createNotices } from "./notices.js";
import { createPicture } from "./picture.js";
import { createSettings } from "./settings.js";
import { createStore } from "./store.js";
import { createTabs } from "./tabs.js";
import { createVersions } from "./versions.js";

const STAMP = 240; // pixels of the picture by which a photograph is found again
const PATIENCE = 700; // milliseconds without a change, before what takes long is made anew

/**
 * Run the panel of one photograph; gives `open(file)`. `reopen(number)` opens one of many again, if
 * it can.
 */
export function createEditor(root, { translate, api, problem, network, words, reopen }) {
  const find = (selector) => root.querySelector(selector);
  const [entry, work, status] = [".entry", ".work", ".status"].map(find);
  const [uncertainty, vary, legend] = ["button.uncertainty", ".vary", ".legend"].map(find);
  let abilities = {};
  let name = "";
  let variant = 0;
  let turn = 0; // which photograph this is, so that answers for another are not shown
  let later = null;
  let kept = null; // what the browser knows this photograph by, null if it keeps nothing
  let lot = null; // the many photographs of which this is one

  const store = createStore();
  const request = () => ({
    ...settings.value,
    hints: corrections.hints,
    variant,
  });
  const settings = createSettings(find(".side"), {
    translate,
    network,
    words,
    changed: (what) => {
      if (what === "model") {
        variant = 0;
        corrections.leave();
      }
      recolor();
    },
  });
  const showStatus = (key, values) => {
    status.textContent = translate(key, values);
  };
  const corrections = createCorrections(root, {
    translate,
    api,
    request,
    showStatus,
    picture: () => picture,
    changed: () => recolor(),
    used: (colors) => store.keepPalette(colors).catch(() => undefined),
  });
  store.palette().then(corrections.use, () => undefined);
  const before = createKept(find(".kept"), { translate, store, resume: (id) => resume(id) });
  const tabs = createTabs(document.querySelector(".elsewhere"), {
    translate,
    resume: (id) => resume(id, { isNew: false }),
  });
  const picture = createPicture(find(".picture"), {
    translate,
    ...corrections.heard,
    detail: async (part) => (await api.ask("detail", { model: settings.value.model, part })).detail,
    zoomed: ({ isNear, isNearest }) => {
      find(".farther").disabled = find(".whole").disabled = !isNear;
      find(".nearer").disabled = isNearest;
    },
  });
  const notices = createNotices(find(".notices"), {
    translate,
    leave: () => another(),
    invert: () => invert(),
  });
  const versions = createVersions(find(".versions"), {
    translate,
    small: (number) => api.ask("colors", { ...request(), variant: number, small: true }),
    choose: (number) => {
      variant = number;
      recolor();
    },
  });

  const coloring = createColoring(api, {
    request,
    picture: () => picture,
    busy: (on) => (on ? work.setAttribute("aria-busy", "true") : work.removeAttribute("aria-busy")),
    drafted: ({ negative }) => negative && notices.add("negative", { isOneOfMany: Boolean(lot) }),
    came: ({ unreachable, abilities: now }) => {
      corrections.colored(unreachable);
      learn(now);
      showStatus(unreachable.length ? "unreachable" : "colored", { name });
    },
    settled: async () => {
      clearTimeout(later);
      later = setTimeout(versions.fill, PATIENCE, variant);
      if (uncertainty.ariaPressed === "true") tint();
      const now = turn;
      const stamp = await picture.stamp(STAMP);
      if (now === turn) keep({ stamp });
    },
  });
  api.onRestored(() => {
    corrections.restored();
    versions.fill(variant);
    if (uncertainty.ariaPressed === "true") tint();
  });
  function recolor() {
    keep(request());
    coloring.recolor();
  }

  function learn(now) {
    abilities = now;
    const unable = [
      !abilities.uncertainty && "cannot_tell_uncertainty",
      !abilities.variants && "cannot_vary",
    ];
    find(".unable").textContent = unable
      .filter(Boolean)
      .map((key) => translate(key))
      .join(" ");
    uncertainty.disabled = !abilities.uncertainty;
    vary.disabled = !abilities.variants;
    if (!abilities.uncertainty) showUncertainty(false);
    if (!abilities.variants) showVersions(false);
    settings.able(abilities);
    corrections.able(abilities);
  }

  // Uncertainty and versions.
  async function tint() {
    const now = turn;
    const response = await api.ask("uncertainty", request());
    if (now === turn && uncertainty.ariaPressed === "true") picture.tint(response.tint);
  }
  function showUncertainty(on) {
    if (on === (uncertainty.ariaPressed === "true")) return;
    uncertainty.ariaPressed = on;
    legend.hidden = !on;
    picture.doubt(on);
    if (on) tint();
    else picture.tint(null);
  }
  function showVersions(on) {
    vary.ariaExpanded = on;
    versions.show(on, variant);
    if (!on && !abilities.variants) variant = 0;
  }
  function saveHints() {
    const filename = `${name.replace(/\.[^.]*$/, "")}-hints.json`;
    saveText(filename, JSON.stringify(corrections.hints, null, 2));
    showStatus("saved", { name: filename });
  }
  async function load(file) {
    const response = await api.ask("hints", { text: await file.text(), name: file.name });
    if (response.problem) return;
    corrections.replace(response.hints);
    showStatus("loaded", { count: response.hints.length });
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
  // What becomes of a negative is a photograph of its own: Back leads to the negative.
  async function invert() {
    const button = find(".invert");
    button.disabled = true;
    const response = await api.ask("inverted", request());
    button.disabled = false;
    if (response.problem) return undefined;
    const file = await takeFile(response.name, response.file).catch(() => null);
    return file ? open(file) : problem(null, translate("offline"));
  }
  // What was done is kept in the browser: after a reload, Back, or days it is there again.
  const keep = (change) => {
    lot?.changed(change);
    return kept && !tabs.isElsewhere && store.update(kept, change).catch(() => undefined);
  };
  const isAtRisk = () => !work.hidden && !kept && !lot && corrections.hints.length > 0;

  /** Gives whether it is seen: `known` is what was done with it, `within` the lot it is one of. */
  async function open(file, known = null, { within = null, carried = [], isNew = !known } = {}) {
    if (isAtRisk() && !confirm(translate("lose_question"))) return false;
    problem(null);
    find(".entry .opening").textContent = translate("opening", { name: file.name });
    showStatus("opening", { name: file.name });
    entry.setAttribute("aria-busy", "true");
    settings.set({ ...settings.value, vividness: 1, ...known });
    const response = await api.open(file, settings.value.model);
    entry.removeAttribute("aria-busy");
    find(".entry .opening").textContent = "";
    if (response.problem) return false;
    turn += 1;
    coloring.forget();
    [variant, name] = [known?.variant ?? 0, response.name];
    lot = within;
    const add = () => store.add(file, { stamp: response.before }).catch(() => null);
    kept = lot ? null : (known?.id ?? (await add()));
    tabs.take(kept);
    if (isNew) history.pushState(lot ? { lot: lot.number } : { work: kept }, "");
    showLot();
    corrections.begin(known?.hints);
    if (carried.length) corrections.replace([...corrections.hints, ...carried]);
    showVersions(false);
    showUncertainty(false);
    entry.hidden = true;
    work.hidden = false;
    find(".not-kept").hidden = Boolean(kept || lot);
    notices.show(response.notices);
    work.style.setProperty("--shape", `${response.width} / ${response.height}`);
    picture.show(response);
    learn(response.abilities);
    find(".divider").focus({ preventScroll: true });
    showStatus("coloring");
    recolor();
    return true;
  }
  /** Go on with what the browser kept. */
  async function resume(id, { isNew = true } = {}) {
    const known = await store.load(id).catch(() => null);
    if (!known) return close();
    return open(known.file, known, { isNew });
  }
  function close() {
    const within = lot;
    turn += 1;
    coloring.forget();
    kept = lot = null;
    tabs.take(null);
    corrections.leave();
    work.hidden = true;
    entry.hidden = false;
    status.textContent = "";
    before.refresh();
    if (within) within.left();
    else find(".choose").focus({ preventScroll: true });
  }
  function showLot() {
    find(".lot").hidden = !lot;
    find(".carry").hidden = !lot?.next;
    find(".another").hidden = find(".invert").hidden = Boolean(lot);
    find(".lot .place").textContent = lot?.place ?? "";
    find(".previous").disabled = !lot?.previous;
    find(".next").disabled = !lot?.next;
  }
  function another() {
    if (isAtRisk() && !confirm(translate("lose_question"))) return;
    history.pushState(null, "");
    close();
  }
  addEventListener("popstate", ({ state }) => {
    if (state?.work) resume(state.work, { isNew: false });
    else if (state?.lot === undefined || !reopen(state.lot)) close();
  });
  addEventListener("beforeunload", (event) => isAtRisk() && event.preventDefault());

  const on = (selector, type, call) => find(selector).addEventListener(type, call);
  on("button.uncertainty", "click", () => showUncertainty(uncertainty.ariaPressed !== "true"));
  on(".vary", "click", () => showVersions(!versions.isOpen));
  on(".side-by-side", "click", ({ currentTarget }) => {
    currentTarget.ariaPressed = picture.beside();
  });
  for (const way of ["nearer", "farther", "whole", "own"])
    on(`.zoom .${way}`, "click", () => picture.zoom[way]());
  on(".save", "click", saveHints);
  on(".load", "click", () => find("input.hints").click());
  on("input.hints", "change", (event) => {
    if (event.target.files.length) load(event.target.files[0]);
    event.target.value = "";
  });
  on(".download", "click", download);
  on(".invert", "click", invert);
  for (const way of [".another", ".all"]) on(way, "click", another);
  on(".previous", "click", () => lot?.previous());
  on(".next", "click", () => lot?.next());
  on(".carry", "click", () => {
    corrections.leave();
    lot?.carry(corrections.hints);
  });
  // Keys for all of the picture, wherever the focus is but in a field.
  const keys = { "+": "nearer", "-": "farther", 0: "whole", 1: "own" };
  addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input:not([type=radio], [type=range]), select, dialog");
    if (event.ctrlKey || event.metaKey || event.altKey || typing || !work.offsetParent) return;
    const key = event.key.toLowerCase();
    if (key === "g") picture.peek(true);
    else if (key === "b") find(".side-by-side").click();
    else if (event.key in keys) picture.zoom[keys[event.key]]();
  });
  addEventListener("keyup", (event) => {
    if (event.key.toLowerCase() === "g") picture.peek(false);
  });
  addEventListener("blur", () => picture.peek(false));
  before.refresh();
  if (history.state?.work) resume(history.state.work, { isNew: false });
  return { open };
}
