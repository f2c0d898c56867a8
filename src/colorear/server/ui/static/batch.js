// Many photographs, one after the other, and a zip at the end.

import { saveFile } from "./api.js";

/** Run the panel of many photographs; gives `add(files)`. */
export function createBatch(root, { translate, api, network }) {
  const find = (selector) => root.querySelector(selector);
  const [progress, list, status, zip] = [".progress", ".list", ".status", ".zip"].map(find);
  const bar = find("progress");
  const select = find("select.network");
  let [waiting, all, done, failed, busy] = [[], 0, 0, 0, false];
  let taken = 0; // of those that are done, how many came home in a zip
  select.value = network;

  const showStatus = () => {
    const words = [translate("progress", { done, all })];
    if (failed) words.push(translate("failed", { failed }));
    status.textContent = words.join(" · ");
    bar.max = Math.max(1, all);
    bar.value = done + failed;
    zip.textContent = translate("zip", { count: done });
    zip.disabled = busy || !done;
    find(".again").disabled = busy;
  };

  const line = (file) => {
    const item = document.createElement("li");
    const [title, state] = ["span", "span"].map((tag) => document.createElement(tag));
    title.textContent = file.name;
    state.textContent = translate("waiting");
    state.className = "quiet";
    item.append(title, state);
    list.append(item);
    return { file, item, state };
  };

  async function work() {
    if (busy) return;
    busy = true;
    showStatus();
    while (waiting.length) {
      const { file, item, state } = waiting.shift();
      state.textContent = translate("working");
      item.className = "working";
      const response = await api.addToBatch(file, select.value);
      item.className = response.problem ? "failed" : "finished";
      if (response.problem) {
        failed += 1;
        state.textContent = response.problem === true ? translate("offline") : response.problem;
      } else {
        done += 1;
        item.firstChild.textContent = response.name;
        state.textContent = translate("finished", response);
      }
      showStatus();
    }
    busy = false;
    showStatus();
  }

  zip.addEventListener("click", async () => {
    zip.disabled = true;
    const response = await api.ask("zip_batch", {});
    if (!response.problem) {
      taken = done;
      saveFile(response.name, response.file);
    } else status.textContent = response.problem === true ? translate("offline") : response.problem;
    zip.disabled = false;
  });
  find(".again").addEventListener("click", async () => {
    await api.ask("clear_batch", {});
    [waiting, all, done, failed, taken] = [[], 0, 0, 0, 0];
    list.replaceChildren();
    progress.hidden = true;
    find(".choose").focus();
  });

  // What is not taken home goes with the page: a question comes first.
  addEventListener("beforeunload", (event) => (busy || taken < done) && event.preventDefault());

  return {
    add: (files) => {
      progress.hidden = false;
      all += files.length;
      waiting.push(...[...files].map(line));
      work();
    },
  };
}
