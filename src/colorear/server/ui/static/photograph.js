// One photograph: opened, in colour, corrected, taken home.

import { keep } from "./calls.js";
import { choosing } from "./panel.js";
import { showing } from "./picture.js";
import { comparing } from "./versions.js";

const RADIUS = 0.01;
const PATIENCE = 700; // milliseconds without a change, before what takes long is made anew

/** Run the panel of one photograph; gives `open(file)` and `wake()`. */
export function photograph(root, { say, calls, problem, network }) {
  const find = (selector) => root.querySelector(selector);
  const [entry, work, status] = [".entry", ".work", ".status"].map(find);
  const [vividness, select] = ["input.vividness", "select.network"].map(find);
  const [doubt, vary, legend] = ["button.doubt", ".vary", ".legend"].map(find);
  let hints = [];
  let past = [];
  let chosen = -1;
  let able = {};
  let name = "";
  let variant = 0;
  let far = [];
  let turn = 0; // which photograph this is, so that answers for another are not shown
  let wanted = false;
  let busy = false;
  let later = null;

  const picture = showing(find(".picture"), {
    say,
    place,
    move,
    moved: () => tell("moved"),
    choose: (index) => (hints[index].color || !panel.isOpen ? choose(index) : leave()),
    drop,
    giveUp: (index) => (hints[index].color ? leave() : drop(index)),
  });
  const panel = choosing(find(".panel"), find(".picture"), {
    say,
    pick: (colour, begun) => {
      if (begun) remember();
      hints[chosen] = { ...hints[chosen], color: colour };
      changed();
    },
    remove: () => drop(chosen),
    done: () => {
      const index = chosen;
      leave();
      picture.focus(Math.min(index, hints.length - 1));
    },
  });

  const versions = comparing(find(".versions"), {
    say,
    small: (number) => calls.ask("colours", { ...wish(), variant: number, small: true }),
    choose: (number) => {
      variant = number;
      colour();
    },
  });

  const told = () => hints.filter((hint) => hint.color);
  const wish = () => ({
    model: select.value,
    vividness: +vividness.value,
    hints: told(),
    variant,
  });
  const tell = (key, values) => {
    status.textContent = say(key, values);
  };
  const remember = () => {
    past.push(told());
    draw();
  };
  const draw = () => {
    picture.dots(able.hints ? hints : [], { chosen, unreachable: far });
    find(".undo").disabled = !past.length;
    find(".clear").disabled = find(".save").disabled = !told().length;
  };
  const changed = () => {
    draw();
    colour();
  };

  // What is seen follows what is wished: one question at a time, the newest wish last.
  async function colour() {
    wanted = true;
    if (busy) return;
    busy = true;
    work.setAttribute("aria-busy", "true");
    const now = turn;
    while (wanted && now === turn) {
      wanted = false;
      const answer = await calls.ask("colours", wish());
      if (answer.problem || now !== turn) continue;
      picture.colour(answer.after);
      far = answer.unreachable;
      learn(answer.able);
      problem(null);
      tell(far.length ? "unreachable" : "coloured", { name });
    }
    busy = false;
    work.removeAttribute("aria-busy");
    if (now !== turn) return colour();
    clearTimeout(later);
    later = setTimeout(versions.fill, PATIENCE, variant);
    if (doubt.ariaPressed === "true") tint();
  }

  function learn(now) {
    able = now;
    const chosenNetwork = select.value;
    const unable = [!able.doubt && "cannot_doubt", !able.variants && "cannot_vary"];
    find(".unable").textContent = unable
      .filter(Boolean)
      .map((key) => say(key))
      .join(" ");
    find(".correct").textContent = say(able.hints ? "correct" : "cannot_correct", {
      network: chosenNetwork,
    });
    doubt.disabled = !able.doubt;
    vary.disabled = !able.variants;
    for (const button of [find(".add"), find(".load")]) button.disabled = !able.hints;
    find(".picture").classList.toggle("correctable", able.hints);
    if (!able.doubt) showDoubt(false);
    if (!able.variants) showVersions(false);
    draw();
  }

  // Corrections.
  function place(x, y) {
    if (panel.isOpen) return leave();
    if (!able.hints) return tell("cannot_correct", { network: select.value });
    hints = [...told(), { x, y, radius: RADIUS }];
    draw();
    return choose(hints.length - 1);
  }
  async function choose(index) {
    chosen = index;
    const { x, y } = hints[index];
    const grey = picture.seen(x, y, true);
    draw();
    panel.open(hints[index], { grey, now: picture.seen(x, y) });
    if (!able.suggestions) return panel.suggest([], say("cannot_suggest"));
    panel.suggest([], say("asking"));
    const others = told().filter((hint) => hint !== hints[index]);
    const answer = await calls.ask("suggestions", { ...wish(), hints: others, x, y });
    if (chosen !== index || !panel.isOpen) return undefined;
    const colours = answer.colours ?? [];
    return panel.suggest(colours, colours.length ? "" : say("nothing_likely"));
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
    tell("removed");
    if (hints.length) picture.focus(Math.min(index, hints.length - 1));
    else find(".add").focus();
  }
  function leave() {
    panel.close();
    chosen = -1;
    hints = told();
    draw();
  }
  function undo() {
    if (!past.length) return;
    panel.close();
    chosen = -1;
    hints = past.pop();
    changed();
    tell("undone");
  }

  // Doubt and versions.
  async function tint() {
    const now = turn;
    const answer = await calls.ask("doubt", wish());
    if (now === turn && doubt.ariaPressed === "true") picture.tint(answer.tint);
  }
  function showDoubt(on) {
    doubt.ariaPressed = on;
    legend.hidden = !on;
    if (on) tint();
    else picture.tint(null);
  }
  function showVersions(on) {
    vary.ariaExpanded = on;
    versions.show(on, variant);
    if (!on && !able.variants) variant = 0;
  }
  // Files.
  const saved = (text, called) => {
    const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    keep(called, url);
    setTimeout(() => URL.revokeObjectURL(url), 60000);
    tell("saved", { name: called });
  };
  async function load(file) {
    const answer = await calls.ask("hints", { text: await file.text(), name: file.name });
    if (answer.problem) return;
    remember();
    hints = answer.hints;
    changed();
    tell("loaded", { count: hints.length });
  }
  async function download() {
    const button = find(".download");
    button.disabled = true;
    tell("writing");
    const answer = await calls.ask("file", wish());
    button.disabled = false;
    if (answer.problem) return tell("coloured", { name });
    keep(answer.name, answer.file);
    return tell("written", answer);
  }
  async function open(file) {
    problem(null);
    find(".entry .opening").textContent = say("opening", { name: file.name });
    tell("opening", { name: file.name });
    entry.setAttribute("aria-busy", "true");
    const answer = await calls.open(file, select.value);
    entry.removeAttribute("aria-busy");
    find(".entry .opening").textContent = "";
    if (answer.problem) return;
    turn += 1;
    [hints, past, variant, far, name] = [[], [], 0, [], answer.name];
    vividness.value = 1;
    showVividness();
    leave();
    showVersions(false);
    showDoubt(false);
    picture.show(answer);
    learn(answer.able);
    entry.hidden = true;
    work.hidden = false;
    find(".divider").focus({ preventScroll: true });
    tell("colouring");
    colour();
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
    const shown = say("vividness_value", { percent });
    find(".controls output").textContent = shown;
    vividness.setAttribute("aria-valuetext", shown);
  }

  const on = (selector, type, call) => find(selector).addEventListener(type, call);
  on("input.vividness", "input", () => {
    showVividness();
    colour();
  });
  on("select.network", "change", () => {
    variant = 0;
    leave();
    colour();
  });
  on("button.doubt", "click", () => showDoubt(doubt.ariaPressed !== "true"));
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
    saved(JSON.stringify(told(), null, 2), `${name.replace(/\.[^.]*$/, "")}-hints.json`),
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
