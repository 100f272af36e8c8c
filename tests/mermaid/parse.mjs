// Reads {"id", "text"} a line, answers {"id", "version", "error"} a line and version:
// what the real Mermaid says of each diagram.
import { createInterface } from "node:readline";
import { JSDOM } from "jsdom";

const { window } = new JSDOM("<!doctype html><body></body>");
globalThis.window = window;
globalThis.document = window.document;

const versions = {};
for (const version of ["11", "12"]) {
  versions[version] = (await import(`mermaid-${version}`)).default;
  versions[version].initialize({ startOnLoad: false, securityLevel: "strict" });
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, text } = JSON.parse(line);
  for (const [version, mermaid] of Object.entries(versions)) {
    let error = null;
    try {
      await mermaid.parse(text);
    } catch (caught) {
      error = String(caught?.message ?? caught);
    }
    console.log(JSON.stringify({ id, version, error }));
  }
}
