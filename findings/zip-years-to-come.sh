#!/usr/bin/env bash
# Photographs that are dated by the day they were taken, packed into a ZIP, come from the future. ZIP knows no year
# before 1980, and jszip and client-zip keep the last seven bits of what is asked for: 1890 becomes 2018, 1932 2060,
# 1965 2093, without a word. libarchive (bsdtar, many desktops; here Debian 12's 3.6.2) writes the true time beside, as
# a field that is signed by its description, and reads it without the sign: its own 1932 comes back as 2068, where
# yauzl and zip.js read 1932; and 1890, for which the field has no room, is 2026 to all that read it. archiver writes
# 1980, zip.js 1980 and the true time beside, Python and fflate refuse.
# Who meets it: who offers an album of old photographs with its colored copies as one download, the files' dates set
# to the photographs' as archives do: unpacked and sorted by date, the grandparents come last. A date a few years old
# (2018) looks real.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
export TZ=Europe/Madrid
npm install --silent --no-audit --no-fund jszip@3.10.2 client-zip@2.5.1 archiver@8.0.0 @zip.js/zip.js@2.24.0 fflate@0.8.3 yauzl@3.4.0 >/dev/null
python3 -m venv v
v/bin/pip install -qq --no-compile libarchive-c==5.3
cat > write.mjs <<'EOS'
import fs from "fs";
import { ZipWriter, Uint8ArrayReader, Uint8ArrayWriter, configure } from "@zip.js/zip.js";
import { ZipArchive } from "archiver";
import { downloadZip } from "client-zip";
import { zipSync } from "fflate";
import JSZip from "jszip";

configure({ useWebWorkers: false });
const data = new TextEncoder().encode("a photograph");
const programs = {
  jszip: (name, date) => new JSZip().file(name, data, { date }).generateAsync({ type: "nodebuffer" }),
  "client-zip": async (name, date) => Buffer.from(await downloadZip([{ name, lastModified: date, input: data }]).arrayBuffer()),
  archiver: async (name, date) => {
    const archive = new ZipArchive(), parts = [];
    archive.on("data", (part) => parts.push(part));
    archive.append(Buffer.from(data), { name, date });
    await archive.finalize();
    return Buffer.concat(parts);
  },
  "zip.js": async (name, date) => {
    const writer = new ZipWriter(new Uint8ArrayWriter());
    await writer.add(name, new Uint8ArrayReader(data), { lastModDate: date });
    return Buffer.from(await writer.close());
  },
  fflate: (name, date) => zipSync({ [name]: [data, { mtime: date }] }),
};
for (const year of [1890, 1932, 1965, 2010])
  for (const [program, pack] of Object.entries(programs))
    try {
      fs.writeFileSync(`${program} ${year}.zip`, await pack(`${year}.jpg`, new Date(year, 5, 15, 12)));
    } catch (error) {
      console.log(`${program} ${year}: refused, ${error.message}`);
    }
EOS
cat > pack.py <<'EOS'
import zipfile
from datetime import datetime

import libarchive, libarchive.ffi

print("libarchive", libarchive.ffi.version_number())
for year in (1890, 1932, 1965, 2010):
    with libarchive.file_writer(f"libarchive {year}.zip", "zip") as archive:
        archive.add_file_from_memory(f"{year}.jpg", 3, b"abc", mtime=int(datetime(year, 6, 15, 12).timestamp()))
    try:
        zipfile.ZipInfo(f"{year}.jpg", (year, 6, 15, 12, 0, 0))
    except ValueError as error:
        print(f"zipfile {year}: refused, {error}")
EOS
cat > read.py <<'EOS'
import glob, zipfile
from datetime import datetime, timedelta

import libarchive

for name in sorted(glob.glob("*.zip")):
    plain = zipfile.ZipFile(name).infolist()[0].date_time[0]
    with libarchive.file_reader(name) as archive:
        seconds = [entry.mtime for entry in archive][0]
    print(f"{name[:-4]}: {plain} by Python's zipfile, {(datetime(1970, 1, 1, 6) + timedelta(seconds=seconds)).year} by libarchive")
EOS
cat > read.cjs <<'EOS'
const fs = require("fs"), yauzl = require("yauzl"), JSZip = require("jszip");
(async () => {
  const { ZipReader, Uint8ArrayReader, configure } = await import("@zip.js/zip.js");
  configure({ useWebWorkers: false });
  for (const name of fs.readdirSync(".").filter((name) => name.endsWith(".zip")).sort()) {
    const file = fs.readFileSync(name);
    const year = await new Promise((done) => yauzl.fromBuffer(file, { lazyEntries: true }, (_, zip) => {
      zip.on("entry", (entry) => done(entry.getLastModDate().getFullYear()));
      zip.readEntry();
    }));
    const [entry] = await new ZipReader(new Uint8ArrayReader(new Uint8Array(file))).getEntries();
    const [other] = Object.values((await JSZip.loadAsync(file)).files);
    console.log(`${name.slice(0, -4)}: ${year} by yauzl, ${entry.lastModDate.getFullYear()} by zip.js, ${other.date.getFullYear()} by jszip`);
  }
})();
EOS
{ node write.mjs; v/bin/python pack.py; v/bin/python read.py; node read.cjs; } | tee seen
for line in "jszip 1890: 2018 by yauzl, 2018 by zip.js, 2018 by jszip" "jszip 1932: 2060 by Python's zipfile, 2060 by libarchive" \
  "jszip 1965: 2093 by yauzl, .*" "client-zip 1890: 2018 by yauzl, 2018 by zip.js, 2018 by jszip" \
  "client-zip 1932: 2060 by Python's zipfile, 2060 by libarchive" "client-zip 1965: 2093 by yauzl, .*" \
  "libarchive 1932: 1980 by Python's zipfile, 2068 by libarchive" "libarchive 1932: 1932 by yauzl, 1932 by zip.js, 1980 by jszip" \
  "libarchive 1890: 1980 by Python's zipfile, 2026 by libarchive" "libarchive 1890: 2026 by yauzl, 2026 by zip.js, 1980 by jszip" \
  "archiver 1932: 1980 by yauzl, 1980 by zip.js, 1980 by jszip" "zip.js 1890: 1890 by yauzl, 1890 by zip.js, 1980 by jszip" \
  "zip.js 1932: 1980 by Python's zipfile, 2068 by libarchive" "fflate 1890: refused, .*" "zipfile 1890: refused, .*" \
  "jszip 2010: 2010 by yauzl, 2010 by zip.js, 2010 by jszip" "libarchive 2010: 2010 by Python's zipfile, 2010 by libarchive"; do
  grep -qx "$line" seen || { echo "CHANGED: $line"; exit 1; }
done
