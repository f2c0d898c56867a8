// The page begins: words, tabs, and every way in which a photograph may come.

import { connect, example, settings, takeShared } from "./api.js";
import { createCamera } from "./camera.js";
import { filesOf } from "./dropped.js";
import { createBatch } from "./batch.js";
import { createEditor } from "./editor.js";
import { chooseLanguage, createTranslator, languageOf } from "./translations.js";

/** `about` is what the server tells of itself: words, networks, examples. */
function start(root, about) {
  const find = (selector) => root.querySelector(selector);
  const language = languageOf(Object.keys(about.messages));
  const { translate, fill } = createTranslator(about.messages, language);
  fill(root);
  const speech = find("select.language");
  speech.replaceChildren(
    ...Object.keys(about.messages).map((tag) => {
      const name = about.messages[tag].language;
      return Object.assign(new Option(name, tag, false, tag === language), { lang: tag });
    }),
  );
  speech.addEventListener("change", () => chooseLanguage(speech.value));

  const alert = find(".problem");
  // A sentence of the server, or one of the page.
  const problem = (sentence, own) => {
    const whole = own ?? (sentence ? `${translate("problem")} ${sentence}` : "");
    if (alert.textContent === whole) return; // it is said once
    alert.replaceChildren();
    if (whole) alert.append(Object.assign(document.createElement("span"), { textContent: whole }));
  };

  for (const select of root.querySelectorAll("select.network"))
    select.replaceChildren(...Object.keys(about.networks).map((name) => new Option(name, name)));

  const panels = { one: find("#panel-one"), batch: find("#panel-batch") };
  const words = (name) => about.networks[name][language];
  const shared = { translate, problem, network: about.network, words };
  const { version } = about;
  const quiet = { translate, language, version, problem: () => undefined }; // its grid tells
  const one = createEditor(panels.one, {
    ...shared,
    api: connect({ ...quiet, problem }),
    reopen: (number) => lot.edit(number, { isNew: false }),
  });
  const lot = createBatch(panels.batch, {
    ...shared,
    connect: (lost) => connect({ ...quiet, lost }),
    show: async (file, known, { isNew, carried, within }) => {
      const isShown = await one.open(file, known, { isNew, carried, within });
      if (isShown) {
        show(tabs[0]);
        scrollTo(0, 0); // not as far down as the grid was
      }
      return isShown;
    },
    back: () => show(tabs[1]),
  });

  const tabs = [...root.querySelectorAll("[role=tab]")];
  const show = (tab) => {
    for (const other of tabs) {
      other.ariaSelected = other === tab;
      other.tabIndex = other === tab ? 0 : -1;
      panels[other.id.slice(4)].hidden = other !== tab;
    }
    if (tab === tabs[1]) lot.settle();
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
  const takeFrom = async (transfer) => {
    const { files, folder } = await filesOf(transfer);
    if (folder && !files.length) return problem(null, translate("empty_folder", { folder }));
    if (folder) show(tabs[1]);
    return take(files);
  };
  for (const [panel, selector] of [
    [panels.one, "input.file"],
    [panels.batch, "input.files"],
  ]) {
    const input = panel.querySelector(selector);
    panel.querySelector(".choose").addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      take([...input.files]);
      input.value = "";
    });
  }
  const camera = createCamera(find("dialog.camera"), find("input.shot"));
  find(".take").addEventListener("click", async () => {
    try {
      take([await camera()].filter(Boolean));
    } catch {
      problem(null, translate("no_camera"));
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
    takeFrom(event.dataTransfer);
  });
  document.addEventListener("paste", (event) => takeFrom(event.clipboardData));

  find(".examples.free").replaceChildren(
    ...about.examples.map((name) => {
      const title = translate(name);
      const button = document.createElement("button");
      button.type = "button";
      button.ariaLabel = translate("example", { name: title });
      const image = Object.assign(document.createElement("img"), {
        src: example.thumbnail(name),
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

  // Another app shared photographs: they wait on the server.
  const secret = /^#shared=(.+)$/.exec(location.hash)?.[1];
  if (!secret) return;
  history.replaceState(history.state, "", location.pathname + location.search);
  takeShared(secret, language).then(
    (told) => {
      take(told.files);
      if (told.expired) problem(null, translate("shared_gone"));
      else if (told.problem) problem(told.problem);
    },
    () => problem(null, translate("offline")),
  );
}

start(document.querySelector(".colorear"), await settings());
