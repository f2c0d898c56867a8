// The page begins: words, tabs, and every way in which a photograph may come.

import { calling, example, settings } from "./calls.js";
import { taking } from "./camera.js";
import { many } from "./many.js";
import { photograph } from "./photograph.js";
import { speaking } from "./words.js";

/** `about` is what the server tells of itself: words, networks, examples. */
function start(root, about) {
  const find = (selector) => root.querySelector(selector);
  const { say, fill } = speaking(about.words);
  fill(root);

  const alert = find(".problem");
  // A sentence of the server, which is English, or one in the visitor's own language.
  const problem = (sentence, own) => {
    alert.replaceChildren();
    if (!sentence && !own) return;
    const text = document.createElement("span");
    text.textContent = own ?? sentence;
    if (!own) text.lang = "en";
    alert.append(own ? "" : `${say("problem")} `, text);
  };

  for (const select of root.querySelectorAll("select.network"))
    select.replaceChildren(...about.networks.map((name) => new Option(name, name)));

  const panels = { one: find("#panel-one"), many: find("#panel-many") };
  const shared = { say, problem, network: about.network };
  const one = photograph(panels.one, { ...shared, calls: calling({ say, problem }) });
  const quiet = { say, problem: () => undefined }; // its list says what failed
  const lot = many(panels.many, { ...shared, calls: calling(quiet) });

  const tabs = [...root.querySelectorAll("[role=tab]")];
  const show = (tab) => {
    for (const other of tabs) {
      other.ariaSelected = other === tab;
      other.tabIndex = other === tab ? 0 : -1;
      panels[other.id.slice(4)].hidden = other !== tab;
    }
    problem(null);
  };
  tabs.forEach((tab, index) => {
    tab.addEventListener("click", () => show(tab));
    tab.addEventListener("keydown", (event) => {
      if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
      const next = tabs[(index + 1) % tabs.length];
      show(next);
      next.focus();
    });
  });

  const take = (files) => {
    if (!files?.length) return;
    if (files.length > 1) show(tabs[1]);
    if (panels.one.hidden) lot.add(files);
    else one.open(files[0]);
  };
  for (const [panel, selector] of [
    [panels.one, "input.file"],
    [panels.many, "input.files"],
  ]) {
    const input = panel.querySelector(selector);
    panel.querySelector(".choose").addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      take([...input.files]);
      input.value = "";
    });
  }
  const camera = taking(find("dialog.camera"), find("input.shot"));
  find(".take").addEventListener("click", async () => {
    try {
      take([await camera()].filter(Boolean));
    } catch {
      problem(null, say("no_camera"));
    }
  });
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    root.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) root.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    root.classList.remove("over");
    take([...event.dataTransfer.files]);
  });
  document.addEventListener("paste", (event) => take([...event.clipboardData.files]));

  find(".examples").replaceChildren(
    ...about.examples.map((name) => {
      const called = say(name);
      const button = document.createElement("button");
      button.type = "button";
      button.ariaLabel = say("example", { name: called });
      const image = Object.assign(document.createElement("img"), {
        src: example.stamp(name),
        alt: "",
        width: 120,
        height: 120,
      });
      button.append(image);
      button.addEventListener("click", async () => one.open(await example.file(name)));
      const item = document.createElement("li");
      item.append(button);
      return item;
    }),
  );
  root.hidden = false;
}

start(document.querySelector(".colorear"), await settings());
