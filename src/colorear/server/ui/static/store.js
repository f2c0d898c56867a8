// What the visitor works on, kept in the browser (IndexedDB) until they forget it.

const DATABASE = "colorear";
const MOST = 12; // photographs; the one that was touched last is the last to go

const finished = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
const committed = (transaction) =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });

async function connect() {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("photographs"); // files, which never change
    request.result.createObjectStore("works", { keyPath: "id" }); // what was done, which does
    request.result.createObjectStore("colors"); // one palette
  };
  return finished(request);
}

/** Works, each with an `id`, a `name`, a `stamp` to show, and whatever else was given. */
export function createStore() {
  let database = null;

  const within = async (names, mode, call) => {
    database ??= connect();
    const transaction = (await database).transaction(names, mode);
    const [result] = await Promise.all([
      call(...names.map((name) => transaction.objectStore(name))),
      committed(transaction),
    ]);
    return result;
  };
  const list = async () => {
    const works = await within(["works"], "readonly", (store) => finished(store.getAll()));
    return works.sort((a, b) => b.changed - a.changed);
  };
  const forget = (id) =>
    within(["photographs", "works"], "readwrite", (files, works) => {
      files.delete(id);
      works.delete(id);
    });

  /** Keep a photograph; where there is no room the oldest go. Rejects where nothing is kept. */
  async function add(file, work) {
    const id = crypto.getRandomValues(new Uint32Array(4)).join("-");
    const before = await list();
    for (const { id: old } of before.slice(MOST - 1)) await forget(old);
    const older = before.slice(0, MOST - 1);
    for (;;)
      try {
        await within(["photographs", "works"], "readwrite", (files, works) => {
          files.put(file, id);
          works.put({ ...work, id, name: file.name, changed: Date.now() });
        });
        return id;
      } catch (error) {
        if (error?.name !== "QuotaExceededError" || !older.length) throw error;
        await forget(older.pop().id);
      }
  }
  /** Change what is told of a work, unless it was forgotten. */
  const update = (id, change) =>
    within(["works"], "readwrite", async (works) => {
      const work = await finished(works.get(id));
      if (work) works.put({ ...work, ...change, changed: Date.now() });
    });
  /** The file and what was done with it; null if it was forgotten. */
  const load = (id) =>
    within(["photographs", "works"], "readonly", async (files, works) => {
      const [file, work] = await Promise.all([files.get(id), works.get(id)].map(finished));
      return file && work ? { ...work, file } : null;
    });

  return {
    list,
    add,
    update,
    load,
    forget,
    forgetAll: () =>
      within(["photographs", "works", "colors"], "readwrite", (...stores) => {
        for (const store of stores) store.clear();
      }),
    palette: async () => (await within(["colors"], "readonly", (store) => finished(store.get("used")))) ?? [],
    keepPalette: (colors) =>
      within(["colors"], "readwrite", (store) => {
        store.put(colors, "used");
      }),
  };
}
