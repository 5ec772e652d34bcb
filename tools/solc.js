// Answers the three calls py-solc-x makes of a native solc, with the compiler published on npm.
//   solc.js VERSION --version
//   solc.js VERSION --standard-json [--base-path DIR] [--allow-paths ...]   input on stdin
"use strict";
const fs = require("fs");
const path = require("path");

const [version, ...args] = process.argv.slice(2);
const solc = require(path.join(__dirname, "..", "node_modules", `solc-${version}`));

/** Writes everything, whatever the pipe's size: a short write is not the end. */
function writeAll(text) {
  const bytes = Buffer.from(text, "utf8");
  let done = 0;
  while (done < bytes.length) {
    try {
      done += fs.writeSync(1, bytes, done, bytes.length - done);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

function option(name) {
  const at = args.indexOf(name);
  return at >= 0 ? args[at + 1] : undefined;
}

function main() {
  if (args.includes("--version")) {
    writeAll(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`);
    return 0;
  }
  if (!args.includes("--standard-json")) {
    process.stderr.write("solc.js: only --version and --standard-json are answered\n");
    return 2;
  }
  const base = option("--base-path") || process.cwd();
  const readImport = (name) => {
    for (const file of [path.join(base, name), name]) {
      if (fs.existsSync(file)) return { contents: fs.readFileSync(file, "utf8") };
    }
    return { error: `File not found: ${name}` };
  };
  writeAll(solc.compile(fs.readFileSync(0, "utf8"), { import: readImport }));
  return 0;
}

process.exitCode = main();
