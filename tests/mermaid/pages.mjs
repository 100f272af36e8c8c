// Reads {"kind", "text"} a line, answers {"html", "error"} a line: what the real MDX compiler or the real
// Asciidoctor make of a page.
import { createInterface } from "node:readline";
import { compile } from "@mdx-js/mdx";
import * as asciidoctor from "@asciidoctor/core";

for await (const line of createInterface({ input: process.stdin })) {
  const { kind, text } = JSON.parse(line);
  let html = "";
  let error = null;
  try {
    html = kind === "mdx" ? String(await compile(text)) : String(await asciidoctor.convert(text));
  } catch (caught) {
    error = String(caught?.message ?? caught);
  }
  console.log(JSON.stringify({ html, error }));
}
