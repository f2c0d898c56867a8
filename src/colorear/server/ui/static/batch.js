// Many photographs: colored one after the other, looked at, corrected, taken home.

import { saveFile } from "./api.js";
import { createGrid } from "./grid.js";
import { createSettings } from "./settings.js";

const AT_ONCE = 2; // on their way: one arrives while another is colored
const BUSY = ["queue-full", "not-ready", "stopping"]; // what a server says that will take more later
const PATIENCE = 5000; // milliseconds until it is asked again
const SOON = 30; // milliseconds until it is shown how far all is
const SETTLED = 400; // milliseconds without a change, before all are colored anew
const PLAIN = { hints: [], variant: 0 }; // what holds for all is not in it
const KEPT = "colorear-many"; // where what holds for all is kept

/**
 * Run the panel of many photographs. `connect(lost)` gives the way to the server, whose `lost`
 * hears that what was there is gone; `show(file, known, how)` has one edited, and gives whether
 * that worked; `back()` hears that all are to be seen again.
 */
export function createBatch(root, { translate, connect, network, show, back }) {
  const find = (selector) => root.querySelector(selector);
  const [progress, status, zip, resume] = [".progress", ".status", ".zip", ".resume"].map(find);
  const bar = find("progress");
  let items = [];
  let waiting = [];
  let running = 0;
  let paused = null; // the sentence that says why
  let timer = null;
  let shown = null; // what will show how far all is
  let isTaken = true; // whether all that is done came home
  let owed = null; // will fetch what the visitor wanted when it is colored again

  const api = connect(() => gone());
  const count = (state) => items.reduce((sum, item) => sum + (item.state === state), 0);
  const isBusy = () => running > 0 || (waiting.length > 0 && !paused);

  /** Soon, and once for all that changes meanwhile: a thousand answers may come at once. */
  function showStatus() {
    zip.disabled ||= isBusy(); // at once: what is colored anew is not what would be fetched
    shown ??= setTimeout(showNow, SOON);
  }
  function showNow() {
    shown = null;
    const [finished, failed] = [count("finished"), count("failed")];
    const done = finished + count("home");
    const words = [translate("progress", { done, all: items.length })];
    if (failed) words.push(translate("failed", { failed }));
    if (paused) words.push(paused);
    status.textContent = words.join(" · ");
    bar.max = Math.max(1, items.length);
    bar.value = done + failed;
    zip.textContent = translate("zip", { count: finished });
    zip.disabled = isBusy() || !finished;
    resume.hidden = !paused;
    find(".again").disabled = isBusy();
    grid.showFailures(items.filter((item) => item.state === "failed"));
    if (!owed || isBusy() || paused) return;
    owed();
    owed = null;
  }

  /** What is asked for it: what was chosen for it alone, and else what holds for all. */
  const wanted = ({ number, own }) => ({ number, ...settings.value, ...own });
  const isStale = (item) => item.made !== JSON.stringify(wanted(item));
  const change = (item, state, about = {}) => {
    Object.assign(item, about, { state });
    grid.update(item);
  };
  function enqueue(item, { first = false } = {}) {
    if (item.state === "waiting" || item.state === "working") return; // it looks anew when it is done
    change(item, "waiting");
    if (first) waiting.unshift(item);
    else waiting.push(item);
    work();
  }
  /** The server has put away what it colored: that is done again. */
  function gone(these = items) {
    for (const item of these) if (item.state === "finished") enqueue(item);
  }
  function work() {
    while (running < AT_ONCE && waiting.length && !paused) {
      running += 1;
      color(waiting.shift()).finally(() => {
        running -= 1;
        work();
      });
    }
    showStatus();
  }
  function pause(sentence, milliseconds) {
    paused = sentence;
    clearTimeout(timer);
    if (milliseconds) timer = setTimeout(goOn, milliseconds);
  }
  function goOn() {
    clearTimeout(timer);
    paused = null;
    work();
  }

  async function color(item) {
    const request = wanted(item);
    change(item, "working");
    const response = await api.addToBatch(item.file, request);
    if (!items.includes(item)) return; // all began again meanwhile
    const { problem, kind } = response;
    const isLater = problem === true || kind === "too-many-of-yours" || BUSY.includes(kind);
    if (isLater) {
      change(item, "waiting");
      waiting.unshift(item);
      pause(problem === true ? translate("offline") : problem, BUSY.includes(kind) && PATIENCE);
    } else if (problem) change(item, "failed", { problem });
    else {
      isTaken = false;
      const { name, seconds, notice } = response;
      const [stamp, made] = [blobOf(response.stamp), JSON.stringify(request)];
      change(item, "finished", { name, seconds, notice, stamp, made });
      if (isStale(item)) enqueue(item, { first: true });
    }
  }

  // One of them in the editor.
  let edited = null;
  function settle() {
    const item = edited;
    edited = null;
    if (item && ["finished", "home"].includes(item.state) && isStale(item)) enqueue(item, { first: true });
  }
  function lotOf(item) {
    const index = items.indexOf(item);
    const [before, after] = [items[index - 1], items[index + 1]];
    return {
      number: item.number,
      place: translate("place", { number: index + 1, all: items.length }),
      previous: before && (() => edit(before)),
      next: after && (() => edit(after)),
      carry: after && ((carried) => edit(after, { carried })),
      changed: ({ hints, variant, ...chosen }) => {
        if (!chosen.model) return;
        item.own = { hints, variant };
        for (const [what, all] of Object.entries(settings.value))
          if (chosen[what] !== all) item.own[what] = chosen[what];
      },
      left: () => {
        settle();
        back();
        grid.focus(item);
      },
    };
  }
  async function edit(item, { carried = [], isNew = true } = {}) {
    status.textContent = translate("opening", { name: item.file.name });
    const isShown = await show(item.file, wanted(item), { within: lotOf(item), carried, isNew });
    if (isShown) {
      settle();
      edited = item;
    }
    showStatus();
  }
  const grid = createGrid(root, {
    translate,
    open: (item) => edit(item),
    again: (item) => enqueue(item),
    download: (item) => fetchOne(item, () => fetchOne(item)),
  });
  const fetchOne = async (item, again) =>
    take(await api.ask("batch_file", { number: item.number }), [item], again);
  async function fetchAll(again) {
    zip.disabled = true;
    const response = await api.ask("zip_batch", {});
    showStatus();
    if (take(response, items, again)) isTaken = true;
  }
  /** `again` is called when those that the server has put away are colored again. */
  function take(response, these, again = null) {
    if (response.file) saveFile(response.name, response.file);
    else if (response.kind === "not-found") {
      owed = again;
      gone(these);
    } else status.textContent = response.problem === true ? translate("offline") : response.problem;
    return Boolean(response.file);
  }

  zip.addEventListener("click", () => fetchAll(() => fetchAll()));
  resume.addEventListener("click", async () => {
    if (isTaken && count("finished")) {
      await api.ask("clear_batch", {}); // what came home makes room
      for (const item of items) if (item.state === "finished") change(item, "home");
    }
    goOn();
  });
  addEventListener("online", () => paused === translate("offline") && goOn());
  find(".again").addEventListener("click", async () => {
    if (!isTaken && !confirm(translate("again_question"))) return;
    await api.ask("clear_batch", {});
    [items, waiting, paused, isTaken, edited, owed] = [[], [], null, true, null, null];
    grid.clear();
    progress.hidden = true;
    find(".choose").focus();
  });
  let later = null;
  const recolor = () => {
    clearTimeout(later);
    later = setTimeout(() => {
      for (const item of items) if (item.state === "finished" && isStale(item)) enqueue(item);
    }, SETTLED);
  };
  const settings = createSettings(find(".for-all"), { translate, network, keptAs: KEPT, changed: recolor });

  // What is not taken home goes with the page: a question comes first.
  addEventListener("beforeunload", (event) => (isBusy() || !isTaken) && event.preventDefault());

  let numbers = 0;
  return {
    add: (files) => {
      progress.hidden = false;
      for (const file of files) {
        const item = { number: numbers, file, name: file.name, state: "new", own: PLAIN };
        numbers += 1;
        items.push(item);
        grid.add(item);
        change(item, "waiting");
        waiting.push(item);
      }
      work();
    },
    settle,
    /** Have the one of that number edited, if it is there still. */
    edit: (number, how) => {
      const item = items.find((one) => one.number === number);
      if (item) edit(item, how);
      return Boolean(item);
    },
  };
}

/** A picture out of the page's memory, where the browser may lay it on the disk. */
function blobOf(url) {
  const [head, content] = url.split(",");
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  return new Blob([bytes], { type: /data:([^;]+)/.exec(head)[1] });
}
