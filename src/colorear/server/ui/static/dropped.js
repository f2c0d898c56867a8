// What was dropped or pasted: files, and those in folders.

const endings = document.querySelector("input.files").accept.split(",");
const isPhotograph = ({ name }) => endings.includes(name.slice(name.lastIndexOf(".")).toLowerCase());

const { compare } = new Intl.Collator(undefined, { numeric: true });

/** What is in a folder, by names as people sort them: a browser gives it as it lies on the disk. */
const all = async (folder) => {
  const reader = folder.createReader();
  const entries = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return entries.sort((a, b) => compare(a.name, b.name));
    entries.push(...some); // a browser gives a hundred at a time
  }
};
const fileOf = (entry) => new Promise((resolve, reject) => entry.file(resolve, reject));

async function within(folder) {
  const found = [];
  for (const entry of await all(folder))
    if (entry.isDirectory) found.push(...(await within(entry)));
    else if (isPhotograph(entry)) found.push(await fileOf(entry));
  return found;
}

/** Gives `files`, and the name of a `folder` if one was among them. */
export async function filesOf(transfer) {
  const folders = [...transfer.items]
    .map((item) => item.webkitGetAsEntry?.()) // at once: they are gone after a while
    .filter((entry) => entry?.isDirectory);
  const names = new Set(folders.map((entry) => entry.name));
  const files = [...transfer.files].filter((file) => !names.has(file.name));
  for (const folder of folders) files.push(...(await within(folder)));
  return { files, folder: folders[0]?.name ?? null };
}
