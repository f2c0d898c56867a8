// What the visitor knows of the colors: places with colors, the tools for them, their history.

import { createColorPanel } from "./panel.js";
import { createReach } from "./reach.js";

const RADIUS = 0.01; // of the shorter side, until the visitor chooses another
const RUBBER = 0.03; // of the shorter side: how near to a correction the eraser must come
const USED = 12; // colors kept in the palette
const HELP = { correct: "correct", keep: "correct_keep", erase: "correct_erase" };

/**
 * The corrections of the photograph in `root`. `picture()` shows them; `request()` is what colors
 * are asked for; `changed()` hears that they are not what they were, `used(colors)` which colors
 * the visitor took; `showStatus(key, values)` tells of it.
 */
export function createCorrections(root, { translate, api, picture, request, showStatus, ...heard }) {
  const find = (selector) => root.querySelector(selector);
  const reach = createReach(find(".reach"));
  let hints = [];
  let past = [];
  let future = [];
  let chosen = -1;
  let without = null; // the picture as it is without the chosen one
  let unreachable = [];
  let lacking = false; // whether nobody could be asked what is likely
  let abilities = {};
  let radius = RADIUS;
  let palette = [];

  const panel = createColorPanel(find(".panel"), find(".picture"), {
    translate,
    pick: (change, begun) => {
      if (begun) remember();
      hints[chosen] = { ...hints[chosen], ...change };
      radius = hints[chosen].radius;
      if (hints[chosen].color) update();
      else draw();
    },
    keep: () => {
      const { x, y } = hints[chosen];
      remember();
      hints[chosen] = { ...hints[chosen], color: picture().seen(x, y, { radius }) };
      finish();
      update();
      showStatus("kept");
    },
    remove: () => drop(chosen),
    done: () => finish(),
  });

  const finished = () => hints.filter((hint) => hint.color);
  const tool = () => find("[name=tool]:checked").value;
  const remember = () => {
    past.push(finished());
    future = [];
    draw();
  };
  const draw = () => {
    picture().dots(abilities.hints ? hints : [], { chosen, unreachable });
    find(".undo").disabled = !past.length;
    find(".redo").disabled = !future.length;
    for (const way of [".clear", ".save", ".carry"]) find(way).disabled = !finished().length;
  };
  const update = () => {
    draw();
    heard.changed();
  };

  const explain = () => {
    const key = abilities.hints ? HELP[tool()] : "cannot_correct";
    find(".correct").textContent = translate(key, { network: request().model });
  };

  function place(x, y) {
    if (panel.isOpen) return leave();
    if (!abilities.hints) return showStatus("cannot_correct", { network: request().model });
    if (tool() === "erase") return erase(x, y);
    if (tool() === "keep") return keep(x, y);
    hints = [...finished(), { x, y, radius }];
    draw();
    return choose(hints.length - 1);
  }
  function keep(x, y) {
    remember();
    hints = [...finished(), { x, y, radius, color: picture().seen(x, y, { radius }) }];
    update();
    showStatus("kept");
  }
  function erase(x, y) {
    const [across, down] = picture().proportions;
    const away = (hint) => Math.hypot((hint.x - x) * across, (hint.y - y) * down);
    const nearest = [...hints.keys()].sort((a, b) => away(hints[a]) - away(hints[b]))[0];
    const hint = hints[nearest];
    if (hint && away(hint) <= Math.max(RUBBER, hint.radius)) drop(nearest);
    else showStatus("nothing_erased");
  }
  async function choose(index) {
    if (tool() === "erase") return drop(index);
    const { x, y, color } = hints[index];
    const others = finished().filter((hint) => hint !== hints[index]);
    chosen = index;
    without = color ? null : picture().color;
    draw();
    panel.open(hints[index], {
      gray: picture().seen(x, y, { gray: true }),
      now: picture().seen(x, y, { radius }),
      used: palette,
    });
    if (color)
      api.ask("colors", { ...request(), hints: others }).then((response) => {
        if (chosen !== index || response.problem) return;
        without = response.after;
        outline();
      });
    suggest();
  }
  async function suggest() {
    if (!abilities.suggestions) return panel.suggest([], translate("cannot_suggest"));
    const index = chosen;
    const { x, y } = hints[index];
    const others = finished().filter((hint) => hint !== hints[index]);
    panel.suggest([], translate("asking"));
    const response = await api.ask("suggestions", { ...request(), hints: others, x, y });
    if (chosen !== index || !panel.isOpen) return undefined;
    lacking = Boolean(response.problem); // which is told elsewhere
    const colors = response.colors ?? [];
    return panel.suggest(colors, colors.length || lacking ? "" : translate("nothing_likely"));
  }
  function outline() {
    if (panel.isOpen && without && hints[chosen]?.color) reach.show(without, picture().color);
  }
  function move(index, x, y, begun) {
    if (panel.isOpen) leave();
    if (!hints[index]) return;
    if (begun && hints[index].color) remember();
    hints[index] = { ...hints[index], x, y };
    if (hints[index].color) update();
    else draw();
  }
  function drop(index) {
    if (hints[index]?.color) remember();
    hints = hints.filter((_, i) => i !== index);
    leave();
    update();
    showStatus("removed");
    if (hints.length) picture().focus(Math.min(index, hints.length - 1));
    else find(".add").focus();
  }
  function leave() {
    const color = hints[chosen]?.color;
    if (color && color !== palette[0]) {
      palette = [color, ...palette.filter((other) => other !== color)].slice(0, USED);
      heard.used(palette);
    }
    panel.close();
    reach.hide();
    chosen = -1;
    hints = finished();
    draw();
  }
  function finish() {
    const index = chosen;
    leave();
    picture().focus(Math.min(index, hints.length - 1));
  }
  /** Go back in one list, and keep what is now in the other. */
  function travel(from, to, key) {
    if (!from.length) return;
    leave();
    to.push(hints);
    hints = from.pop();
    update();
    showStatus(key);
  }
  const undo = () => travel(past, future, "undone");
  const redo = () => travel(future, past, "redone");

  for (const input of root.querySelectorAll("[name=tool]"))
    input.addEventListener("change", () => {
      leave();
      explain();
    });
  find(".undo").addEventListener("click", undo);
  find(".redo").addEventListener("click", redo);
  find(".clear").addEventListener("click", () => {
    leave();
    remember();
    hints = [];
    update();
  });
  find(".add").addEventListener("click", () => {
    leave();
    hints = [...hints, { x: 0.5, y: 0.5, radius }];
    draw();
    picture().focus(hints.length - 1);
  });
  addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input:not([type=radio]), select");
    if (!(event.ctrlKey || event.metaKey) || typing || !find(".dots").offsetParent) return;
    const key = event.key.toLowerCase();
    if (key === "y" || (key === "z" && event.shiftKey)) redo();
    else if (key === "z") undo();
    else return;
    event.preventDefault();
  });

  return {
    get hints() {
      return finished();
    },
    leave,
    /** Another photograph comes, with what was known of it. */
    begin: (known = []) => {
      [hints, past, future, unreachable] = [known, [], [], []];
      leave();
    },
    /** The colors that the visitor took on another day. */
    use: (colors) => {
      palette = colors;
    },
    /** Corrections from a file, in place of those that are there. */
    replace: (known) => {
      leave();
      remember();
      hints = known;
      update();
    },
    /** The picture has come, and what of the corrections cannot be had. */
    colored: (far) => {
      unreachable = far;
      draw();
      outline();
    },
    /** The server can be reached again. */
    restored: () => {
      if (lacking && panel.isOpen) suggest();
    },
    able: (now) => {
      abilities = now;
      find(".add").disabled = find(".load").disabled = !abilities.hints;
      for (const input of root.querySelectorAll("[name=tool]")) input.disabled = !abilities.hints;
      explain();
      find(".picture").classList.toggle("correctable", abilities.hints);
      draw();
    },
    /** What happens to the dots. */
    heard: {
      place,
      move,
      moved: () => showStatus("moved"),
      choose: (index) => (hints[index].color || !panel.isOpen ? choose(index) : leave()),
      drop,
      giveUp: (index) => (hints[index].color ? leave() : drop(index)),
    },
  };
}
