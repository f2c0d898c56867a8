// The page of films: one comes, its shots are shown and corrected, it is colored and taken home.

import { chooseLanguage, createTranslator, languageOf } from "../../static/translations.js";

const POLL = 1000; // milliseconds from one look at the progress to the next
const KEPT = "colorear-film"; // where this tab remembers its film, for a reload
const resolve = (path) => new URL(`page/films${path}`, document.baseURI).href;

/** Asks the server; `gone` hears that the film is not there any more, `problem` all else. */
function connect({ language, translate, problem, gone }) {
  const headers = { "Accept-Language": language };
  const fetched = async (path, how = {}) => {
    try {
      const answer = await fetch(resolve(path), { ...how, headers: { ...headers, ...how.headers } });
      const payload = await answer.json();
      if (payload.gone) gone(payload.gone);
      else if (payload.problem) problem(payload.problem);
      else if (!answer.ok) problem(payload.detail);
      return payload.gone || payload.problem || !answer.ok ? null : payload;
    } catch {
      problem(null, translate("offline"));
      return null;
    }
  };
  const post = (path, payload = {}) => {
    const body = JSON.stringify(payload);
    return fetched(path, { method: "POST", body, headers: { "Content-Type": "application/json" } });
  };
  const send = (file) => {
    const form = new FormData();
    form.append("photograph", file, file.name || "film");
    return fetched("", { method: "POST", body: form });
  };
  return { fetched, post, send };
}

function remembered(value) {
  try {
    if (value === undefined) return JSON.parse(sessionStorage.getItem(KEPT));
    if (value) sessionStorage.setItem(KEPT, JSON.stringify(value));
    else sessionStorage.removeItem(KEPT);
  } catch {
    // the browser keeps nothing
  }
  return null;
}

/** Ask for the color of a place; null where none is wanted. */
function pick(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((settle) => {
    const told = () => settle(dialog.returnValue ? dialog.querySelector("[type=color]").value : null);
    dialog.addEventListener("close", told, { once: true });
  });
}

function swatch(color) {
  const names = ["svg", "circle"];
  const [svg, circle] = names.map((name) => document.createElementNS("http://www.w3.org/2000/svg", name));
  svg.setAttribute("viewBox", "0 0 10 10");
  for (const [name, value] of Object.entries({ cx: 5, cy: 5, r: 4.5, fill: color })) circle.setAttribute(name, value);
  svg.append(circle);
  return svg;
}

/** `about` is what the server tells of itself: words, networks, limits. */
function start(root, about) {
  const find = (selector) => root.querySelector(selector);
  const language = languageOf(Object.keys(about.messages));
  const { translate, fill } = createTranslator(about.messages, language);
  fill(root);
  document.title = translate("title");
  find(".lead").textContent = about.able ? translate("lead", about) : translate("unable");
  find(".choose").hidden = !about.able;
  const speech = find("select.language");
  for (const [tag, { language: name }] of Object.entries(about.messages))
    speech.append(Object.assign(new Option(name, tag, false, tag === language), { lang: tag }));
  speech.addEventListener("change", () => chooseLanguage(speech.value));
  find("select.network").replaceChildren(...about.networks.map((name) => new Option(name, name)));
  find("select.network").value = about.network;

  const [status, bar, alert] = [".status", "progress", ".problem"].map(find);
  const problem = (sentence, own) => {
    alert.replaceChildren();
    if (sentence || own) alert.append(own ?? `${translate("problem")} ${sentence}`);
  };
  let film = null; // what the server told of it
  let hints = [];
  let shots = [];
  let abled = true; // whether the network takes corrections
  let began = null; // when its coloring began, as far as this page has seen

  const forget = () => {
    [film, hints, shots, began] = [null, [], [], null];
    remembered(null);
    find(".film").hidden = bar.hidden = true;
    find(".entry").hidden = false;
    status.textContent = "";
  };
  const gone = (sentence) => {
    forget();
    problem(sentence);
  };
  const { fetched, post, send } = connect({ language, translate, problem, gone });
  const request = () => ({ model: find("select.network").value, hints, kind: find("select.kind").value });
  const busy = (is) => {
    for (const control of root.querySelectorAll(".film button, .film select")) control.disabled = is;
    find(".another").disabled = false;
    root.ariaBusy = is;
  };

  const showCorrections = () => {
    find(".corrections").hidden = !hints.length;
    find(".corrections ul").replaceChildren(
      ...hints.map((hint) => {
        const item = document.createElement("li");
        const [text, button] = ["span", "button"].map((tag) => document.createElement(tag));
        const [x, y] = [hint.x, hint.y].map((part) => Math.round(100 * part));
        text.textContent = translate("place", { time: hint.time, x, y });
        button.type = "button";
        button.textContent = translate("remove");
        button.addEventListener("click", () => {
          hints = hints.filter((other) => other !== hint);
          look();
        });
        item.append(swatch(hint.color), text, button);
        return item;
      }),
    );
  };

  const showShots = () => {
    find(".shots").replaceChildren(
      ...shots.map((shot) => {
        const item = document.createElement("li");
        const [button, picture, label] = ["button", "img", "p"].map((tag) => document.createElement(tag));
        picture.src = shot.picture;
        picture.alt = label.textContent = translate("shot", { start: shot.start });
        label.className = "quiet";
        button.type = "button";
        button.append(picture);
        for (const hint of hints.filter(({ time }) => time === shot.time)) {
          const dot = Object.assign(document.createElement("span"), { className: "dot" });
          [dot.style.left, dot.style.top, dot.style.background] = [`${100 * hint.x}%`, `${100 * hint.y}%`, hint.color];
          button.append(dot);
        }
        button.disabled = !abled;
        button.addEventListener("click", (event) => correct(shot, picture, event));
        item.append(button, label);
        return item;
      }),
    );
    showCorrections();
  };

  async function correct(shot, picture, event) {
    const box = picture.getBoundingClientRect();
    const within = (at, side) => Math.min(1, Math.max(0, at / side));
    // a click by the keyboard has no place: it is for the middle
    const [x, y] = event.detail
      ? [within(event.clientX - box.left, box.width), within(event.clientY - box.top, box.height)]
      : [0.5, 0.5];
    const color = await pick(find("dialog.pick"));
    if (!color) return;
    hints = [...hints, { time: shot.time, x: Number(x.toFixed(4)), y: Number(y.toFixed(4)), color, radius: 0.02 }];
    look();
  }

  async function look() {
    const mine = film;
    busy(true);
    problem(null);
    status.textContent = translate("looking");
    remembered({ film, hints });
    const seen = await post(`/${film.film}/preview`, request());
    if (film !== mine) return;
    busy(false);
    status.textContent = translate("found", film);
    if (seen) {
      shots = seen.shots;
      abled = seen.hints;
      find(".hint-lead").textContent = translate(abled ? "correct" : "no_hints");
      find(".more").hidden = !seen.more;
      find(".more").textContent = translate("more", seen);
    }
    showShots();
    find(".download").hidden = true;
    find(".notes").replaceChildren();
  }

  const timeLeft = (progress) => {
    began ??= { at: performance.now(), progress };
    const gained = progress - began.progress;
    if (gained < 0.02) return "";
    const seconds = Math.round(((performance.now() - began.at) / gained) * (1 - progress) / 1000);
    return seconds < 90
      ? translate("left_seconds", { seconds })
      : translate("left_minutes", { minutes: Math.round(seconds / 60) });
  };

  const showDone = ({ about: made, file }) => {
    status.textContent = translate("done", made);
    const notes = [];
    if (made.damaged.length) {
      const times = made.damaged.map((time) => time.toLocaleString(language)).join("; ");
      const more = made.more_damaged ? `, ${translate("more", { more: made.more_damaged })}` : "";
      notes.push(translate("damaged", { times: times + more }));
    }
    if (made.ends_early) {
      const [ends, says] = made.ends_early.map((time) => Number(time.toFixed(2)));
      notes.push(translate("ends", { ends, says }));
    }
    notes.push(...made.left_out.map((what) => translate("left_out", { what })));
    if (made.unreachable) notes.push(translate("unreachable"));
    find(".notes").replaceChildren(
      ...notes.map((note) => Object.assign(document.createElement("li"), { textContent: note })),
    );
    const link = find(".download");
    Object.assign(link, { href: resolve(`/${film.film}/file`), download: file, hidden: false });
    link.textContent = translate("download", { name: file });
  };

  async function follow() {
    const mine = film;
    busy(true);
    bar.hidden = false;
    for (;;) {
      const told = await fetched(`/${mine.film}`);
      if (film !== mine) return;
      if (told?.state === "coloring") {
        bar.value = told.progress;
        const percent = Math.floor(100 * told.progress);
        status.textContent = [translate("coloring", { percent }), timeLeft(told.progress)].filter(Boolean).join(" · ");
      } else if (told?.state === "waiting") status.textContent = translate("waiting");
      if (told) problem(null);
      if (told && !["waiting", "coloring"].includes(told.state)) {
        bar.hidden = true;
        busy(false);
        if (told.state === "done") showDone(told);
        if (told.failed) {
          status.textContent = "";
          problem(told.failed);
        }
        return;
      }
      await new Promise((after) => setTimeout(after, POLL));
    }
  }

  async function open(file) {
    if (!file || !about.able || film) return;
    problem(null);
    status.textContent = translate("sending", { name: file.name });
    find(".choose").disabled = true;
    const told = await send(file);
    find(".choose").disabled = false;
    status.textContent = "";
    if (told) await show(told);
  }

  async function show(told) {
    film = told;
    find(".entry").hidden = true;
    find(".film").hidden = false;
    showShots();
    await look();
  }

  find(".choose").addEventListener("click", () => find(".file").click());
  find(".file").addEventListener("change", ({ target }) => {
    open(target.files[0]);
    target.value = "";
  });
  find("select.network").addEventListener("change", look);
  find(".start").addEventListener("click", async () => {
    busy(true);
    find(".download").hidden = true;
    find(".notes").replaceChildren();
    [began, bar.value] = [null, 0];
    if (await post(`/${film.film}/color`, request())) await follow();
    else busy(false);
  });
  find(".another").addEventListener("click", async () => {
    const { film: secret } = film;
    forget();
    problem(null);
    await post(`/${secret}/remove`);
  });
  for (const name of ["dragover", "dragleave", "drop"])
    root.addEventListener(name, (event) => {
      event.preventDefault();
      root.classList.toggle("over", name === "dragover" && !film);
      if (name === "drop") open(event.dataTransfer.files[0]);
    });

  root.hidden = false;
  const before = remembered();
  if (before?.film) {
    hints = before.hints;
    film = before.film;
    fetched(`/${film.film}`).then(async (told) => {
      if (!told) return;
      await show(before.film);
      if (film && told.state !== "here") await follow();
    });
  }
}

fetch(resolve("/settings"))
  .then((answer) => answer.json())
  .then((about) => start(document.querySelector(".films"), about));
