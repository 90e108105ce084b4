// The candidate's process in JavaScript: load the code, call the function, write what came of it to file 3.
// Runs in the sandbox; the records and values are those of probe_python.py.
import { readFileSync, unlinkSync, writeFileSync, writeSync } from "node:fs";
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import vm from "node:vm";

const PIPE = 3, NODES = 4000, DEPTH = 12, TEXT = 20000;
const { parse, stringify } = JSON;
const work = parse(readFileSync("work.json", "utf8"));
unlinkSync("work.json");

function tell(record) {
  let data = Buffer.from(stringify(record) + "\n");
  while (data.length > 0) data = data.subarray(writeSync(PIPE, data));
}

class TooLarge extends Error {}

function decode(wire) {
  if (!Array.isArray(wire)) return wire;
  const [tag, ...rest] = wire;
  switch (tag) {
    case "i": { const n = Number(rest[0]); return Number.isSafeInteger(n) ? n : BigInt(rest[0]); }
    case "f": return rest[0] === "inf" ? Infinity : rest[0] === "-inf" ? -Infinity : Number(rest[0]);
    case "l": case "t": return rest.map(decode);
    case "S": return new Set(rest.map(decode));
    case "d": return Object.fromEntries(rest.map(([k, v]) => [String(decode(k)), decode(v)]));
    case "B": return Buffer.from(rest[0], "hex");
    default: throw new Error(tag);
  }
}

function hash(text) {
  return ["h", createHash("sha256").update(text).digest("hex")];
}

function encode(value) {
  const budget = { left: NODES };
  try {
    const wire = shape(value, budget, DEPTH);
    const text = stringify(wire);
    return text.length <= TEXT ? wire : hash(text);
  } catch (error) {
    if (error instanceof TooLarge) return hash("too large");
    throw error;
  }
}

function shape(value, budget, depth) {
  if (--budget.left < 0 || depth < 0) throw new TooLarge();
  if (value === null || value === undefined) return null;
  switch (typeof value) {
    case "boolean": case "string": return value;
    case "bigint": return ["i", value.toString()];
    case "number":
      if (Number.isInteger(value)) return Number.isSafeInteger(value) ? ["i", String(value === 0 ? 0 : value)] : ["f", String(value)];
      return ["f", Number.isNaN(value) ? "nan" : value === Infinity ? "inf" : value === -Infinity ? "-inf" : String(value)];
    case "object": break;
    default: return ["o", typeof value, ""];
  }
  if (Array.isArray(value)) {
    if (value.length > NODES) throw new TooLarge();
    return ["l", ...Array.from(value, (x) => shape(x, budget, depth - 1))];
  }
  if (value instanceof Set) return ["S", ...[...value].map((x) => shape(x, budget, depth - 1)).sort((a, b) => (stringify(a) < stringify(b) ? -1 : 1))];
  if (value instanceof Map) return ["d", ...[...value].map(([k, v]) => [shape(k, budget, depth - 1), shape(v, budget, depth - 1)])];
  if (value instanceof Date) return ["o", "Date", Number.isNaN(value.getTime()) ? "invalid" : value.toISOString()];
  if (Buffer.isBuffer(value)) return ["B", value.toString("hex")];
  if (ArrayBuffer.isView(value)) return ["l", ...Array.from(value, (x) => shape(x, budget, depth - 1))];
  if (value instanceof Promise || value instanceof RegExp) return ["o", value.constructor.name, String(value)];
  const keys = Object.keys(value);
  return ["d", ...keys.map((k) => [k, shape(value[k], budget, depth - 1)])];
}

async function load() {
  const { code, entry } = work;
  const root = entry.split(".")[0];
  const commonJs = /\bmodule\.exports\b|\bexports\.\w|\brequire\s*\(/.test(code) && !/^\s*(import|export)\b/m.test(code);
  let found;
  if (commonJs) {
    const module = { exports: {} };
    const make = vm.compileFunction(`${code}\n;try { return ${root}; } catch { return undefined; }`, ["module", "exports", "require"], { filename: "solution.js" });
    found = make(module, module.exports, createRequire(import.meta.url)) ?? module.exports[root] ?? (typeof module.exports === "function" ? module.exports : undefined);
  } else {
    writeFileSync("solution.mjs", `${code}\n;export { ${root} as __qlp_entry };\n`);
    found = (await import(pathToFileURL("solution.mjs").href)).__qlp_entry;
  }
  for (const part of entry.split(".").slice(1)) found = found?.[part];
  return found;
}

const NAME = /^[A-Za-z0-9_$]{1,60}$/;
function nameOf(error) {
  const name = error?.name ?? error?.constructor?.name;
  return typeof name === "string" && NAME.test(name) ? name : "Error";
}

let current;
globalThis.__qlp_call = () => current();
const script = new vm.Script("__qlp_call()");
function timed(fn) {  // wall clock, so more than the CPU may take
  current = fn;
  return script.runInThisContext({ timeout: Math.ceil(work.call_s * 5_000) });
}

function outcome(call, again) {
  const record = {};
  try {
    timed(() => {
      const args = call.map(decode);
      const result = fn(...args);
      record.o = encode(result);
      if (stringify(args.map(encode)) !== stringify(call.map((w) => encode(decode(w))))) record.m = true;
      if (again) record.d = stringify(encode(fn(...call.map(decode)))) === stringify(record.o);
    });
  } catch (error) {
    if (error?.code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return { x: "timeout" };
    if (error instanceof RangeError && /Invalid (array|string) length|allocation/.test(error.message)) return { x: "memory" };
    return "o" in record ? { ...record, d: false } : { e: nameOf(error) };
  }
  return record;
}

let fn;
try {
  fn = await load();
} catch (error) {
  // "export { missing }" is a SyntaxError too: the function is not there
  const missing = error instanceof SyntaxError && /Export '.*' is not defined/.test(error.message);
  tell({ load: missing ? "no entry" : error instanceof SyntaxError ? "syntax" : `error: ${nameOf(error)}` });
  process.exit(0);
}
tell({ load: typeof fn === "function" ? "ok" : "no entry" });
if (typeof fn === "function") {
  const repeat = new Set(work.repeat);
  let slow = 0;
  for (let n = work.start; n < work.calls.length; n++) {
    const record = slow >= work.slow ? { x: "skipped" } : outcome(work.calls[n], repeat.has(n));
    if (record.x === "timeout") slow++;
    tell({ n, ...record });
  }
  tell({ end: true });
}
process.exit(0);
