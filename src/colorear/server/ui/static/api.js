// How the page asks the server: within a session, which is begun anew if it was put away.

const AGAIN = 3000; // milliseconds until a server that could not be reached is looked for again

const resolve = (path) => new URL(path, document.baseURI).href;

const post = (name, payload, language) =>
  fetch(resolve(`page/actions/${name}`), {
    method: "POST",
    headers: { "Content-Type": "application/json", "Accept-Language": language },
    body: JSON.stringify(payload),
  }).then((response) => response.json());

/** What the server tells of itself: words, networks, examples. */
export const settings = () => fetch(resolve("page/settings")).then((response) => response.json());

/**
 * Asks and uploads. `problem` hears what went wrong, in a sentence of that language; `lost` that
 * what the server had of this visitor is gone.
 */
export function connect({ translate, problem, language, version, lost = () => undefined }) {
  let session = null; // what it will be
  let secret = null; // what it is
  let opened = null; // how to open again what was open
  let failed = null; // what was asked for when something went wrong that is told still
  let failures = 0;
  let looking = null; // for a server that could not be reached
  let restored = () => undefined;

  // What works again takes back what was told of it; colors take back everything.
  const settle = (name) => {
    if (!failed || (![failed, "colors"].includes(name) && failed !== "connection")) return;
    failed = null;
    problem(null);
  };

  const look = async () => {
    clearTimeout(looking);
    const isThere = await fetch(resolve("healthz"), { cache: "no-store" }).then(
      (response) => response.ok,
      () => false,
    );
    if (isThere) found();
    else looking = setTimeout(look, AGAIN);
  };
  /** The server can be reached again. */
  const found = () => {
    looking = null;
    if (failed === "connection") settle(failed);
    restored();
  };
  const lose = () => {
    failed = "connection";
    failures += 1;
    problem(null, translate("offline"));
    looking ??= setTimeout(look, AGAIN);
  };
  addEventListener("online", () => looking && look());

  const begin = async () => {
    if (!session)
      session = post("begin", {}, language).then((response) => {
        if (response.version !== version) renewed({ translate });
        return response.session;
      });
    try {
      secret = await session;
    } catch (error) {
      session = null;
      throw error;
    }
    return secret;
  };
  /** That session has ended; several answers may say so. */
  const end = (used) => {
    if (secret !== used) return;
    session = secret = null;
    lost();
  };

  const attempt = async (name, call, { restore = true, last = false } = {}) => {
    const before = failures;
    try {
      const used = await begin();
      const response = await call(used);
      if (!response.expired) {
        if (response.problem) {
          failed = name;
          failures += 1;
          problem(response.problem);
        } else if (failures === before) settle(name); // what was asked for before knows nothing
        return response;
      }
      end(used);
      if (last) throw new Error("expired again");
      if (restore && opened) {
        const back = await opened();
        if (back.problem) return back;
      }
      return attempt(name, call, { last: true });
    } catch {
      lose();
      return { problem: true };
    }
  };

  const send = (purpose, file, network, work) => async (secret) => {
    const form = new FormData();
    form.append("photograph", file, file.name || "photograph.jpg");
    if (work) form.append("work", JSON.stringify(work));
    const headers = { session: secret, network, "Accept-Language": language };
    const url = resolve(`page/photographs/${purpose}`);
    try {
      return await (await fetch(url, { method: "POST", body: form, headers })).json();
    } catch (error) {
      if (await isThere(file)) throw error;
      return { problem: translate("vanished", { name: file.name }) };
    }
  };

  // Also when the browser keeps the page to come back to: then a new session is begun.
  addEventListener("pagehide", () => {
    if (!secret) return;
    const payload = new Blob([JSON.stringify({ session: secret })], { type: "application/json" });
    navigator.sendBeacon(resolve("page/actions/end"), payload);
  });

  return {
    ask: (name, payload) => attempt(name, (secret) => post(name, { ...payload, session: secret }, language)),
    open: async (file, network) => {
      const response = await attempt("open", send("open", file, network), { restore: false });
      if (!response.problem) opened = () => attempt("open", send("open", file, network), { restore: false });
      return response;
    },
    /** `call` hears that the server can be reached again. */
    onRestored: (call) => {
      restored = call;
    },
    addToBatch: (file, work) => attempt("batch", send("batch", file, work.model, work)),
  };
}

/** Whether a file can be read still: it may have been moved, changed or deleted meanwhile. */
const isThere = (file) =>
  file.arrayBuffer().then(
    () => true,
    () => false,
  );

/** The server is of another version than the page: the visitor is told, with a way on. */
function renewed({ translate }) {
  const root = document.querySelector(".renewed");
  const button = Object.assign(document.createElement("button"), { type: "button" });
  button.textContent = translate("load_anew");
  button.addEventListener("click", () => location.reload());
  root.replaceChildren(translate("renewed"), " ", button);
  root.hidden = false;
}

/** The photographs that another app shared, which wait under that secret; `problem` if they do not. */
export async function takeShared(secret, language) {
  const files = [];
  for (let [number, count] = [0, 1]; number < count; number += 1) {
    const told = await post("shared", { session: secret, number }, language);
    if (told.problem || told.expired) return { ...told, files };
    count = told.count;
    files.push(await takeFile(told.name, told.file));
  }
  await post("end", { session: secret }, language);
  return { files };
}

/** A file of the server, to go on with here. */
export async function takeFile(name, secret) {
  const response = await fetch(resolve(`page/files/${secret}`));
  if (!response.ok) throw new Error(response.statusText);
  return new File([await response.blob()], name);
}

/** The free photographs to try. */
export const example = {
  thumbnail: (name) => resolve(`page/thumbnails/${name}`),
  file: async (name) => {
    const response = await fetch(resolve(`page/examples/${name}`));
    const header = response.headers.get("content-disposition") ?? "";
    const filename = /filename="([^"]+)"/.exec(header)?.[1] ?? name;
    return new File([await response.blob()], filename);
  },
};

/** Give the visitor a file of the server. */
export const saveFile = (name, secret) => save(name, resolve(`page/files/${secret}`));

/** Give the visitor a file of JSON that is made here. */
export function saveText(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  save(name, url);
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}

function save(name, url) {
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
}
